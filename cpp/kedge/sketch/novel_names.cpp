#include "kedge/sketch/novel_names.h"

#include <algorithm>

#include "kedge/base/error.h"
#include "kedge/base/sort.h"

namespace kedge {
namespace {

constexpr std::size_t kHashDigits = 16;

bool is_continuation(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

}  // namespace

std::string shortened_name(std::string_view name) {
  if (name.size() <= kMostNameBytes) return std::string(name);
  constexpr std::size_t kMostTrail = 3;  // continuation bytes of one UTF-8 character
  std::size_t length = kMostNameBytes - kHashDigits - 1;
  for (std::size_t i = 0; i < kMostTrail && is_continuation(name[length]); ++i) --length;
  std::string out(name.substr(0, length));
  out += '#';
  const std::uint64_t hash = hash_bytes(name);
  for (unsigned digit = 0; digit < kHashDigits; ++digit) {
    out += "0123456789abcdef"[hash >> (4 * (kHashDigits - 1 - digit)) & 0xf];
  }
  return out;
}

std::size_t NovelNames::place_of(std::uint64_t hash, std::string_view name) const noexcept {
  const auto before = [&](const Kept& kept, std::uint64_t wanted) {
    return kept.hash < wanted || (kept.hash == wanted && kept.entry.name < name);
  };
  return static_cast<std::size_t>(std::lower_bound(kept_.begin(), kept_.end(), hash, before) -
                                  kept_.begin());
}

bool NovelNames::is_at(std::size_t place, std::uint64_t hash,
                       std::string_view name) const noexcept {
  return place < kept_.size() && kept_[place].hash == hash && kept_[place].entry.name == name;
}

void NovelNames::keep(const NameKey& key, std::uint64_t count) {
  if (key.length <= kMostNameBytes) return keep(key.hash, key.name(), count);
  const std::string name = shortened_name(key.name());
  keep(hash_bytes(name), name, count);
}

void NovelNames::keep(std::uint64_t hash, std::string_view name, std::uint64_t count) {
  if (!admits(hash)) return;
  const std::size_t place = place_of(hash, name);
  if (is_at(place, hash, name)) {
    kept_[place].entry.count += count;
    return;
  }
  kept_.insert(kept_.begin() + static_cast<std::ptrdiff_t>(place),
               {hash, {std::string(name), count}});
  if (kept_.size() > kMostNovel) lower_limit(kept_.back().hash);
}

void NovelNames::lower_limit(std::uint64_t hash) {
  if (!admits(hash)) return;
  limit_ = hash;
  kept_.resize(place_of(hash, ""));
}

void NovelNames::add(const NovelNames& other) {
  if (other.limit_) lower_limit(*other.limit_);
  for (std::size_t i = 0; i < other.kept_.size(); ++i) {
    const Kept& kept = other.kept_[i];
    keep(kept.hash, kept.entry.name, kept.entry.count);
  }
}

NovelNames NovelNames::without(const NovelNames& other) const {
  NovelNames rest = *this;
  if (other.limit_) rest.lower_limit(*other.limit_);
  for (const auto& [hash, entry] : other.kept_) {
    if (!rest.admits(hash)) break;
    const std::size_t place = rest.place_of(hash, entry.name);
    const std::uint64_t there =
        rest.is_at(place, hash, entry.name) ? rest.kept_[place].entry.count : 0;
    if (entry.count > there) {
      throw invalid_argument("cannot subtract ", entry.count, " rows of \"", entry.name, "\" from ",
                             there);
    }
    rest.kept_[place].entry.count -= entry.count;
  }
  std::erase_if(rest.kept_, [](const Kept& kept) { return kept.entry.count == 0; });
  return rest;
}

std::vector<NameCount> NovelNames::names() const {
  std::vector<NameCount> names;
  names.reserve(kept_.size());
  for (const Kept& kept : kept_) names.push_back(kept.entry);
  sort_few(names, [](const NameCount& a, const NameCount& b) {
    return a.count != b.count ? a.count > b.count : a.name < b.name;
  });
  return names;
}

std::uint64_t NovelNames::total() const noexcept {
  std::uint64_t total = 0;
  for (const Kept& kept : kept_) total += kept.entry.count;
  return total;
}

void NovelNames::write(ByteWriter& out) const {
  out.write(static_cast<std::uint8_t>(is_complete()));
  if (limit_) out.write(*limit_);
  out.write_varint(kept_.size());
  for (const Kept& kept : kept_) {
    out.write_string(kept.entry.name);
    out.write_varint(kept.entry.count);
  }
}

NovelNames NovelNames::read(ByteReader& in) {
  NovelNames novel;
  const auto complete = in.read<std::uint8_t>();
  if (complete > 1) throw corrupt_data(in.section(), ": the mark of novel names is ", complete);
  if (complete == 0) novel.limit_ = in.read<std::uint64_t>();
  const std::uint64_t names = in.read_varint();
  if (names > kMostNovel) {
    throw corrupt_data(in.section(), ": ", names, " novel names, at most ", kMostNovel);
  }
  std::uint64_t left = ~std::uint64_t{0};
  for (std::uint64_t i = 0; i < names; ++i) {
    const std::string_view name = in.read_string();
    const std::uint64_t count = in.read_varint();
    const std::uint64_t hash = hash_bytes(name);
    if (name.size() > kMostNameBytes || count == 0 || count > left || !novel.admits(hash) ||
        novel.place_of(hash, name) != i || novel.is_at(i, hash, name)) {
      throw corrupt_data(in.section(), ": novel name ", i, " of ", name.size(), " bytes and ",
                         count, " rows is not in its place");
    }
    left -= count;
    novel.kept_.push_back({hash, {std::string(name), count}});
  }
  return novel;
}

}  // namespace kedge

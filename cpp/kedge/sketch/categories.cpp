#include "kedge/sketch/categories.h"

#include "kedge/base/error.h"
#include "kedge/base/frame.h"
#include "kedge/sketch/name_reader.h"

namespace kedge {
namespace {

constexpr std::string_view kKind = "CATS";
constexpr std::uint32_t kVersion = 1;

constexpr std::uint64_t kMostRows = std::uint64_t{1} << 53;  // whole numbers that a double holds

}  // namespace

Categories::Categories(std::shared_ptr<const CategoryMap> map)
    : map_(std::move(map)), counts_(map_->slots()) {}

bool Categories::takes(const Type& type) noexcept { return NameReader::takes(type); }

void Categories::update(const Column& column) {
  NameReader names(column);
  counts_.add(map_->null_slot(), names.null_count());
  while (names.next()) add_block(names.keys(), names.weights());
}

void Categories::add_block(std::span<const NameKey> keys, const std::uint64_t* weights) {
  std::uint32_t slots[NameReader::kBlock];
  map_->slots_of(keys, slots);
  if (weights == nullptr) {
    counts_.add_rows(static_cast<std::uint32_t>(keys.size()), [&](std::uint32_t* counters) {
      for (std::size_t i = 0; i < keys.size(); ++i) ++counters[slots[i]];
    });
  } else {
    for (std::size_t i = 0; i < keys.size(); ++i) counts_.add(slots[i], weights[i]);
  }
  const std::uint32_t unlisted = map_->unlisted_slot();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (slots[i] == unlisted) novel_.add(keys[i], weights == nullptr ? 1 : weights[i]);
  }
}

void Categories::check_map(const Categories& other, std::string_view verb) const {
  if (same_map(other)) return;
  throw invalid_argument("cannot ", verb, " counts of different categories (", map_->size(),
                         " and ", other.map_->size(), "); make one with like() of the other");
}

void Categories::merge(const Categories& other) {
  check_map(other, "merge");
  if (other.row_count() > kMostRows - row_count()) {
    throw invalid_argument("cannot merge ", other.row_count(), " rows with ", row_count(),
                           ": categories count up to ", kMostRows);
  }
  counts_.add(other.counts_);
  novel_.add(other.novel_);
}

void Categories::subtract(const Categories& other) {
  check_map(other, "subtract");
  for (std::uint32_t slot = 0; slot < map_->slots(); ++slot) {
    if (other.counts_[slot] <= counts_[slot]) continue;
    throw invalid_argument("cannot subtract ", other.counts_[slot], " rows of slot ", slot,
                           " from ", counts_[slot]);
  }
  NovelNames rest = novel_.without(other.novel_);
  const std::uint64_t unlisted = unlisted_count() - other.unlisted_count();
  if (rest.total() > unlisted) {
    throw invalid_argument(
        "cannot subtract ", other.unlisted_count(), " unlisted rows: ", rest.total(),
        " of those that stay are not among them, and only ", unlisted, " would be left");
  }
  novel_ = std::move(rest);
  counts_.subtract(other.counts_);
}

std::vector<std::byte> Categories::to_bytes() const {
  ByteWriter out;
  map_->write(out);
  for (std::uint32_t slot = 0; slot < map_->slots();) {
    const std::uint64_t count = counts_[slot++];
    out.write_varint(count);
    if (count != 0) continue;
    const std::uint32_t run_start = slot;
    while (slot < map_->slots() && counts_[slot] == 0) ++slot;
    out.write_varint(slot - run_start);
  }
  novel_.write(out);
  return seal_frame(kKind, kVersion, out.view());
}

Categories Categories::from_bytes(std::span<const std::byte> bytes) {
  ByteReader reader(bytes, "categories");
  Categories categories = read(reader);
  reader.expect_end();
  return categories;
}

Categories Categories::read(ByteReader& in) {
  ByteReader reader(open_frame(in, kKind, kVersion).payload, in.section());
  Categories out(std::make_shared<const CategoryMap>(CategoryMap::read(reader)));
  const std::uint32_t slots = out.map_->slots();
  for (std::uint32_t slot = 0; slot < slots;) {
    const std::uint64_t count = reader.read_varint();
    if (count > kMostRows - out.row_count()) {
      throw corrupt_data(in.section(), ": the counts add up to more than 2^53 at slot ", slot);
    }
    out.counts_.add(slot++, count);
    if (count != 0) continue;
    const std::uint64_t run = reader.read_varint();
    if (run > slots - slot) {
      throw corrupt_data(in.section(), ": ", run, " empty slots after slot ", slot - 1, " of ",
                         slots);
    }
    slot += static_cast<std::uint32_t>(run);
  }
  out.novel_ = NovelNames::read(reader);
  const std::uint64_t novel = out.novel_.total();
  const std::uint64_t unlisted = out.unlisted_count();
  if (novel > unlisted || (out.novel_is_complete() && novel != unlisted)) {
    throw corrupt_data(in.section(), ": ", novel, " rows of novel names, ", unlisted,
                       " unlisted rows");
  }
  reader.expect_end();
  return out;
}

}  // namespace kedge

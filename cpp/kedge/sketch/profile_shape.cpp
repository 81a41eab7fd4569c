#include "kedge/sketch/profile_shape.h"

#include <algorithm>
#include <cstring>

#include "kedge/base/frame.h"
#include "kedge/base/hash.h"

namespace kedge {
namespace {

constexpr std::uint64_t kMostRows = std::uint64_t{1} << 53;  // whole numbers that a double holds
constexpr std::size_t kHeadStart = 8, kHeadBytes = 8;        // kind and version in a frame
constexpr std::size_t kMarkBytes = 4, kLengthStart = 16;

std::span<const std::byte> head_of(std::span<const std::byte> frame) {
  return frame.subspan(kHeadStart, kHeadBytes);
}

std::string_view kind_of(std::span<const std::byte> head) { return as_text(head.first(4)); }

std::uint32_t version_of(std::span<const std::byte> head) {
  std::uint32_t version;
  std::memcpy(&version, head.data() + 4, sizeof version);
  return version;
}

void write_counts(ByteWriter& out, std::span<const std::uint64_t> counts) {
  for (std::size_t slot = 0; slot < counts.size();) {
    const std::uint64_t count = counts[slot++];
    out.write_varint(count);
    if (count != 0) continue;
    const std::size_t run_start = slot;
    while (slot < counts.size() && counts[slot] == 0) ++slot;
    out.write_varint(slot - run_start);
  }
}

// Goes over bytes by the rules of ByteReader and open_frame, and says false instead of why not.
struct Cursor {
  const std::byte* at;
  const std::byte* end;

  std::size_t left() const noexcept { return static_cast<std::size_t>(end - at); }

  bool skip(std::span<const std::byte> wanted) noexcept {
    if (left() < wanted.size() || std::memcmp(at, wanted.data(), wanted.size()) != 0) return false;
    at += wanted.size();
    return true;
  }

  bool varint(std::uint64_t& value) noexcept {
    if (at != end && static_cast<std::uint8_t>(*at) < 0x80) {
      value = static_cast<std::uint8_t>(*at++);
      return true;
    }
    value = 0;
    for (unsigned shift = 0; shift < 64 && at != end; shift += 7) {
      const auto byte = static_cast<std::uint8_t>(*at++);
      const std::uint64_t digit = byte & 0x7f;
      if (shift == 63 && digit > 1) return false;
      value |= digit << shift;
      if (byte < 0x80) return byte != 0;
    }
    return false;
  }

  // Moves behind the frame; `inside` is its payload.
  bool frame(std::span<const std::byte> head, Cursor& inside) noexcept {
    constexpr std::byte kMark[kMarkBytes] = {std::byte{'K'}, std::byte{'D'}, std::byte{'G'},
                                             std::byte{'E'}};
    if (left() < kFrameHeader || std::memcmp(at, kMark, kMarkBytes) != 0 ||
        std::memcmp(at + kHeadStart, head.data(), kHeadBytes) != 0) {
      return false;
    }
    std::uint32_t checksum;
    std::uint64_t length;
    std::memcpy(&checksum, at + kMarkBytes, sizeof checksum);
    std::memcpy(&length, at + kLengthStart, sizeof length);
    if (length > left() - kFrameHeader) return false;
    const std::size_t whole = kFrameHeader + static_cast<std::size_t>(length);
    if (crc32c({at + kHeadStart, whole - kHeadStart}) != checksum) return false;
    inside = {at + kFrameHeader, at + whole};
    at += whole;
    return true;
  }
};

// The counts of a histogram, `count(slot, rows)` for each that is not zero; they add up to `rows`.
template <class Count>
bool walk_counts(Cursor& in, std::uint32_t slots, std::uint64_t rows, const Count& count) noexcept {
  std::uint64_t total = 0;
  for (std::uint32_t slot = 0; slot < slots;) {
    std::uint64_t value = 0;
    if (!in.varint(value) || value > kMostRows - total) return false;
    if (value != 0) {
      total += value;
      count(slot++, value);
      continue;
    }
    std::uint64_t run = 0;
    if (!in.varint(run) || run > slots - ++slot) return false;
    slot += static_cast<std::uint32_t>(run);
  }
  return in.left() == 0 && total == rows;
}

}  // namespace

ProfileShape::ProfileShape(const Profile& profile) {
  const Profile empty = profile.like();
  empty_ = empty.to_bytes();
  Sha256 hash;
  hash.add(empty_);
  digest_ = hash.finish();
  const auto head = head_of(empty_);
  profile_head_.assign(head.begin(), head.end());
  is_flat_ = empty.slices().empty();
  for (const Slices& slices : empty.slices()) slots_ += slices.slots();
  for (const ColumnProfile& column : empty.columns()) {
    slots_ += column.slots();
    const auto* const numbers = std::get_if<Histogram>(&column.counts);
    is_flat_ = is_flat_ && numbers != nullptr;
    if (!is_flat_) continue;
    const std::vector<std::byte> histogram = numbers->to_bytes();
    const auto its_head = head_of(histogram);
    histogram_head_.assign(its_head.begin(), its_head.end());
    ByteWriter whole, map;
    column.write(whole);
    numbers->map().write(map);
    FlatColumn flat;
    const auto before = whole.view().first(whole.size() - histogram.size());
    flat.before.assign(before.begin(), before.end());
    flat.map = map.take();
    flat.slots = numbers->map().slots();
    columns_.push_back(std::move(flat));
  }
}

template <class Count>
std::optional<std::uint64_t> ProfileShape::walk(std::span<const std::byte> stored,
                                                const Count& count) const noexcept {
  Cursor all{stored.data(), stored.data() + stored.size()};
  Cursor in{};
  std::uint64_t rows = 0, columns = 0, slicings = 0, base = 0;
  if (!all.frame(profile_head_, in) || all.left() != 0) return std::nullopt;
  if (!in.varint(rows) || !in.varint(columns) || columns != columns_.size()) return std::nullopt;
  for (const FlatColumn& column : columns_) {
    Cursor inside{};
    if (!in.skip(column.before) || !in.frame(histogram_head_, inside) || !inside.skip(column.map)) {
      return std::nullopt;
    }
    const auto add = [&](std::uint32_t slot, std::uint64_t value) { count(base + slot, value); };
    if (!walk_counts(inside, column.slots, rows, add)) return std::nullopt;
    base += column.slots;
  }
  if (!in.varint(slicings) || slicings != 0 || in.left() != 0) return std::nullopt;
  return rows;
}

std::optional<std::uint64_t> ProfileShape::rows_of(std::span<const std::byte> stored) const {
  if (is_flat_) return walk(stored, [](std::uint64_t, std::uint64_t) {});
  try {
    const Profile profile = Profile::from_bytes(stored);
    if (profile.like().to_bytes() != empty_) return std::nullopt;
    return profile.row_count();
  } catch (const Error&) {
    return std::nullopt;
  }
}

ProfileSum::ProfileSum(std::shared_ptr<const ProfileShape> shape) : shape_(std::move(shape)) {
  if (shape_->is_flat()) {
    counts_.resize(shape_->slots_);
  } else {
    merged_ = Profile::from_bytes(shape_->empty_);
  }
}

bool ProfileSum::add(std::span<const std::byte> stored) {
  if (!shape_->is_flat()) {
    if (!shape_->rows_of(stored)) return false;
    const Profile profile = Profile::from_bytes(stored);
    merged_.merge(profile);
    rows_ += profile.row_count();
    return true;
  }
  const auto rows = shape_->walk(
      stored, [&](std::uint64_t slot, std::uint64_t value) { counts_[slot] += value; });
  if (rows && *rows <= kMostRows - rows_) {
    rows_ += *rows;
    return true;
  }
  // What came before the walk ended goes again, by the same way.
  shape_->walk(stored, [&](std::uint64_t slot, std::uint64_t value) { counts_[slot] -= value; });
  if (!rows) return false;
  throw invalid_argument("cannot add ", *rows, " rows to ", rows_, ": a profile counts up to ",
                         kMostRows);
}

std::vector<std::byte> ProfileSum::to_bytes() const {
  if (!shape_->is_flat()) return merged_.to_bytes();
  ByteWriter out;
  const auto& head = shape_->profile_head_;
  const std::size_t begin = begin_frame(out, kind_of(head), version_of(head));
  out.write_varint(rows_);
  out.write_varint(shape_->columns_.size());
  std::size_t at = 0;
  for (const ProfileShape::FlatColumn& column : shape_->columns_) {
    out.write_bytes(column.before);
    const auto counts = std::span(counts_).subspan(at, column.slots);
    const auto& its_head = shape_->histogram_head_;
    const std::size_t inner = begin_frame(out, kind_of(its_head), version_of(its_head));
    out.write_bytes(column.map);
    write_counts(out, counts);
    end_frame(out, inner);
    at += column.slots;
  }
  out.write_varint(0);
  end_frame(out, begin);
  return out.take();
}

}  // namespace kedge

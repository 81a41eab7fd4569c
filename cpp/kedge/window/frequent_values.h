// How often each value came: exactly while there are few different ones, then the most frequent
// ones with a certain bound.
//
// This is SpaceSaving with evictions in bulk, as sketch/frequent has it, but of states that are
// small, merge, and are stored. Whenever there are more than kMost values, the rarer half is
// dropped; a value that comes (back) starts at the largest count that was ever dropped, error(). So
// a count may be too high by at most that, never too low. Each drop takes as much as error() rises
// from more than kMost / 2 values, merged or not, so error() is at most rows * kErrorShare.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kedge/base/bytes.h"

namespace kedge {

// Value is a number of 64 bits or a string.
template <class Value>
class FrequentValues {
 public:
  static constexpr std::size_t kMost = 1024;
  static constexpr std::size_t kKept = kMost / 2;  // after a drop
  static constexpr double kErrorShare = 2.0 / kMost;

  struct Entry {
    Value value;
    std::uint64_t count;
  };

  template <class Key>
  void add(const Key& key) {
    const auto at = std::ranges::lower_bound(entries_, key, {}, &Entry::value);
    if (at != entries_.end() && at->value == key) {
      ++at->count;
      return;
    }
    entries_.insert(at, Entry{Value(key), error_ + 1});
    text_bytes_ += bytes_of(key);
    if (entries_.size() > kMost) drop_rarer();
  }
  void merge(const FrequentValues& other);

  // Rising.
  std::span<const Entry> entries() const noexcept { return entries_; }
  std::uint64_t error() const noexcept { return error_; }
  // The places of the first `most` in falling order of their counts, then by value.
  std::vector<std::uint32_t> top(std::size_t most) const;

  std::size_t bytes() const noexcept {
    return sizeof *this + entries_.capacity() * sizeof(Entry) + text_bytes_;
  }
  // read throws CorruptData.
  void write(ByteWriter& out) const;
  void read(ByteReader& in);

 private:
  static std::size_t bytes_of(std::uint64_t) noexcept { return 0; }
  static std::size_t bytes_of(std::string_view text) noexcept { return text.size(); }
  void drop_rarer();

  std::vector<Entry> entries_;
  std::uint64_t error_ = 0;
  std::size_t text_bytes_ = 0;
};

extern template class FrequentValues<std::uint64_t>;
extern template class FrequentValues<std::string>;

}  // namespace kedge

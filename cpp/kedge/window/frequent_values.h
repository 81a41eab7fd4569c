// How often each value came: exactly while there are few different ones, then the most frequent
// ones with a certain bound.
//
// This is SpaceSaving with evictions in bulk, as sketch/frequent has it, but of states that are
// small, merge, and are stored. Whenever there are more than kMost values, the rarer half is
// dropped; a value that comes (back) starts at the largest count that was ever dropped, error(). So
// a count may be too high by at most that, never too low. Each drop takes as much as error() rises
// from more than kMost / 2 values, merged or not, so error() is at most rows * kErrorShare.
//
// Which values are dropped depends on counts and values alone: the same rows in the same order,
// merged in the same way, give the same bytes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kedge/base/bytes.h"
#include "kedge/base/hash.h"
#include "kedge/base/random.h"

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
    std::uint64_t hash;
    std::uint64_t count;
  };

  template <class Key>
  void add(const Key& key) {
    const std::uint64_t hash = hash_of(key);
    const std::size_t slot = slot_of(key, hash);
    if (index_[slot] != 0) {
      ++entries_[index_[slot] - 1u].count;
      return;
    }
    put({Value(key), hash, error_ + 1}, slot);
    if (entries_.size() > kMost) drop_rarer();
  }
  void merge(const FrequentValues& other);

  // In no order that means anything.
  std::span<const Entry> entries() const noexcept { return entries_; }
  std::uint64_t error() const noexcept { return error_; }
  // The places of the first `most` in falling order of their counts, then by value.
  std::vector<std::uint32_t> top(std::size_t most) const;

  std::size_t bytes() const noexcept {
    return sizeof *this + entries_.capacity() * sizeof(Entry) +
           index_.capacity() * sizeof(std::uint16_t) + text_bytes_;
  }
  // Rising values with their counts. read throws CorruptData.
  void write(ByteWriter& out) const;
  void read(ByteReader& in);

 private:
  static constexpr std::size_t kFirstSlots = 16;

  static std::uint64_t hash_of(std::uint64_t value) noexcept { return mix_bits(value); }
  static std::uint64_t hash_of(std::string_view text) noexcept { return hash_bytes(text); }
  static std::size_t bytes_of(std::uint64_t) noexcept { return 0; }
  static std::size_t bytes_of(std::string_view text) noexcept { return text.size(); }

  // Where the key is in the index, or the empty slot that it would get.
  template <class Key>
  std::size_t slot_of(const Key& key, std::uint64_t hash) const noexcept {
    const std::size_t mask = index_.size() - 1;
    std::size_t slot = static_cast<std::size_t>(hash) & mask;
    while (index_[slot] != 0) {
      const Entry& entry = entries_[index_[slot] - 1u];
      if (entry.hash == hash && entry.value == key) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }
  void put(Entry entry, std::size_t slot);
  void make_index(std::size_t slots);
  bool is_ahead(std::uint32_t a, std::uint32_t b) const noexcept;
  void drop_rarer();

  std::vector<Entry> entries_;
  // Open addressing: the place of an entry and one, 0 for none.
  std::vector<std::uint16_t> index_ = std::vector<std::uint16_t>(kFirstSlots);
  std::uint64_t error_ = 0;
  std::size_t text_bytes_ = 0;
};

extern template class FrequentValues<std::uint64_t>;
extern template class FrequentValues<std::string>;

}  // namespace kedge

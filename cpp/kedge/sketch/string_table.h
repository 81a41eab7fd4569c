// Strings numbered in the order they came: 0, 1, 2, .. The table keeps its own copy of their bytes.
// Built for names of a few bytes, looked up many at a time: sixteen bytes and the length sit in the
// slot, so a short name is compared without following a pointer.
//
// Thread safety: one writer, or many readers.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "kedge/base/hash.h"

namespace kedge {

// A string made ready for look-ups. Of a longer one than kShortBytes, `low` is the hash itself. It
// points to bytes that somebody else keeps.
struct NameKey {
  const char* data = nullptr;
  std::size_t length = 0;
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  std::uint64_t hash = 0;

  std::string_view name() const noexcept { return {data, length}; }
};

inline NameKey short_key(const char* data, std::size_t length, ShortWords words) noexcept {
  return {data, length, words.low, words.high, hash_short(words, length)};
}
inline NameKey name_key(std::string_view name) noexcept {
  if (name.size() <= kShortBytes) return short_key(name.data(), name.size(), short_words(name));
  const std::uint64_t hash = hash_bytes(name);
  return {name.data(), name.size(), hash, 0, hash};
}

class StringTable {
 public:
  static constexpr std::uint32_t kAbsent = 0xffffffff;

  StringTable();

  std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(places_.size()) - 1; }
  // Valid until the next insert.
  std::string_view name(std::uint32_t id) const noexcept {
    return {bytes_.data() + places_[id], places_[id + 1] - places_[id]};
  }

  // The string's number, or kAbsent.
  std::uint32_t find(const NameKey& key) const noexcept;
  std::uint32_t find(std::string_view name) const noexcept { return find(name_key(name)); }
  // The same for many: one waits for memory while the others' slots are on their way.
  void find_all(std::span<const NameKey> keys, std::uint32_t* ids) const noexcept;

  // The number of the string, which is the next one if it was not there. Throws ResourceExhausted
  // at 2^31 strings.
  std::uint32_t insert(const NameKey& key);
  std::uint32_t insert(std::string_view name) { return insert(name_key(name)); }

  // For a table that is complete: gives as many strings as it can a place that is theirs alone.
  void settle();

  friend bool operator==(const StringTable& a, const StringTable& b) noexcept {
    return a.places_ == b.places_ && a.bytes_ == b.bytes_;
  }

 private:
  struct alignas(32) Slot {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    std::uint64_t length = 0;
    std::uint32_t id = kAbsent;
  };

  bool matches(const Slot& slot, const NameKey& key) const noexcept {
    return slot.low == key.low && slot.high == key.high && slot.length == key.length &&
           (key.length <= kShortBytes || same_bytes(slot.id, key));
  }
  bool same_bytes(std::uint32_t id, const NameKey& key) const noexcept;
  std::size_t home_of(std::uint64_t hash) const noexcept {
    return static_cast<std::size_t>(hash >> shift_) & mask_;
  }
  // The string's slot, or the empty one where it belongs.
  std::size_t place_of(const NameKey& key) const noexcept {
    std::size_t at = home_of(key.hash);
    while (slots_[at].id != kAbsent && !matches(slots_[at], key)) at = (at + 1) & mask_;
    return at;
  }
  static std::uint64_t hash_of(const Slot& slot) noexcept;
  void place_anew(std::size_t slots);
  std::size_t homeless() const noexcept;

  std::vector<Slot> slots_;
  std::size_t mask_;
  unsigned shift_ = 0;
  std::vector<char> bytes_;
  std::vector<std::size_t> places_;  // where each string starts, and the end of the last
};

}  // namespace kedge

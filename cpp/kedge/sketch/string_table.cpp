#include "kedge/sketch/string_table.h"

#include <bit>
#include <cstring>

#include "kedge/base/error.h"

namespace kedge {
namespace {

constexpr std::size_t kFirstSlots = 64;
constexpr std::uint32_t kMostStrings = 1u << 31;

// A string that is not in its own place costs a mispredicted branch in every row that holds it, so
// small tables, of which only the strings' own lines come into the cache, are left emptier.
constexpr std::size_t kSmallSlots = 4096;
constexpr std::size_t slots_for_each(std::size_t slots) { return slots <= kSmallSlots ? 16 : 2; }

}  // namespace

StringTable::StringTable() : slots_(kFirstSlots), mask_(kFirstSlots - 1), places_(1) {}

bool StringTable::same_bytes(std::uint32_t id, const NameKey& key) const noexcept {
  return std::memcmp(bytes_.data() + places_[id], key.data, key.length) == 0;
}

std::uint32_t StringTable::find(const NameKey& key) const noexcept {
  return slots_[place_of(key)].id;
}

void StringTable::find_all(std::span<const NameKey> keys, std::uint32_t* ids) const noexcept {
  for (const NameKey& key : keys) __builtin_prefetch(slots_.data() + home_of(key.hash));
  for (std::size_t i = 0; i < keys.size(); ++i) ids[i] = find(keys[i]);
}

std::uint32_t StringTable::insert(const NameKey& key) {
  std::size_t at = place_of(key);
  if (slots_[at].id != kAbsent) return slots_[at].id;
  const std::uint32_t id = size();
  if (id == kMostStrings) throw resource_exhausted("a string table holds ", kMostStrings, " names");
  if ((id + 1) * slots_for_each(slots_.size()) > slots_.size()) {
    place_anew(slots_.size() * 2);
    at = place_of(key);
  }
  bytes_.insert(bytes_.end(), key.data, key.data + key.length);
  places_.push_back(bytes_.size());
  slots_[at] = {key.low, key.high, key.length, id};
  return id;
}

std::uint64_t StringTable::hash_of(const Slot& slot) noexcept {
  if (slot.length > kShortBytes) return slot.low;
  return hash_short({slot.low, slot.high}, static_cast<std::size_t>(slot.length));
}

void StringTable::place_anew(std::size_t slots) {
  std::vector<Slot> old(slots);
  old.swap(slots_);
  mask_ = slots - 1;
  for (const Slot& slot : old) {
    if (slot.id == kAbsent) continue;
    std::size_t at = home_of(hash_of(slot));
    while (slots_[at].id != kAbsent) at = (at + 1) & mask_;
    slots_[at] = slot;
  }
}

std::size_t StringTable::homeless() const noexcept {
  std::size_t count = 0;
  for (std::size_t at = 0; at < slots_.size(); ++at) {
    count += slots_[at].id != kAbsent && home_of(hash_of(slots_[at])) != at;
  }
  return count;
}

void StringTable::settle() {
  if (slots_.size() > kSmallSlots) return;
  unsigned best = 0;
  std::size_t fewest = homeless();
  const auto bits = static_cast<unsigned>(std::bit_width(mask_));
  for (unsigned shift = 1; shift + bits <= 64 && fewest > 0; ++shift) {
    shift_ = shift;
    place_anew(slots_.size());
    const std::size_t count = homeless();
    if (count >= fewest) continue;
    fewest = count;
    best = shift;
  }
  shift_ = best;
  place_anew(slots_.size());
}

}  // namespace kedge

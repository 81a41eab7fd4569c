#include "kedge/sketch/string_table.h"

#include <cstring>

#include "kedge/base/error.h"

namespace kedge {
namespace {

constexpr std::size_t kFirstSlots = 64;
constexpr std::uint32_t kMostStrings = 1u << 31;

// A string that is not in its own slot costs a mispredicted branch in every row that holds it, so
// small tables, which are in the cache anyway, are left emptier.
constexpr std::size_t kSmallSlots = 4096;
constexpr std::size_t slots_for_each(std::size_t slots) { return slots <= kSmallSlots ? 8 : 2; }

}  // namespace

StringTable::StringTable() : slots_(kFirstSlots), mask_(kFirstSlots - 1), places_(1) {}

bool StringTable::same_bytes(std::uint32_t id, const NameKey& key) const noexcept {
  return std::memcmp(bytes_.data() + places_[id], key.data, key.length) == 0;
}

std::uint32_t StringTable::find(const NameKey& key) const noexcept {
  return slots_[place_of(key)].id;
}

void StringTable::find_all(std::span<const NameKey> keys, std::uint32_t* ids) const noexcept {
  const Slot* slots = slots_.data();
  const std::size_t mask = mask_;
  for (const NameKey& key : keys) {
    __builtin_prefetch(slots + (static_cast<std::size_t>(key.hash) & mask));
  }
  for (std::size_t i = 0; i < keys.size(); ++i) ids[i] = find(keys[i]);
}

std::uint32_t StringTable::insert(const NameKey& key) {
  std::size_t at = place_of(key);
  if (slots_[at].id != kAbsent) return slots_[at].id;
  const std::uint32_t id = size();
  if (id == kMostStrings) throw resource_exhausted("a string table holds ", kMostStrings, " names");
  if ((id + 1) * slots_for_each(slots_.size()) > slots_.size()) {
    grow();
    at = place_of(key);
  }
  bytes_.insert(bytes_.end(), key.data, key.data + key.length);
  places_.push_back(bytes_.size());
  slots_[at] = {key.low, key.high, key.length, id, static_cast<std::uint32_t>(key.hash)};
  return id;
}

void StringTable::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  mask_ = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.id == kAbsent) continue;
    std::size_t at = slot.hash_low & mask_;
    while (slots_[at].id != kAbsent) at = (at + 1) & mask_;
    slots_[at] = slot;
  }
}

}  // namespace kedge

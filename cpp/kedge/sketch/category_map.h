// The names that a column of categories may have, in rising order of their bytes, and the slots
// that count them: one for each name, then one for all other values and one for nulls.
//
// Immutable, so any number of threads may read it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kedge/base/bytes.h"
#include "kedge/sketch/string_table.h"

namespace kedge {

inline constexpr std::uint32_t kMaxCategories = 1u << 20;

class CategoryMap {
 public:
  // In any order. Throws InvalidArgument that names a name that comes twice, ResourceExhausted
  // beyond kMaxCategories.
  explicit CategoryMap(std::vector<std::string> names);

  std::uint32_t size() const noexcept { return table_.size(); }
  std::string_view name(std::uint32_t slot) const noexcept { return table_.name(slot); }

  std::uint32_t unlisted_slot() const noexcept { return size(); }
  std::uint32_t null_slot() const noexcept { return size() + 1; }
  std::uint32_t slots() const noexcept { return size() + 2; }

  // Of any string; unlisted_slot() when it is not one of the names.
  std::uint32_t slot_of(std::string_view name) const noexcept {
    const std::uint32_t id = table_.find(name);
    return id < size() ? id : unlisted_slot();
  }
  // The same for many.
  void slots_of(std::span<const NameKey> keys, std::uint32_t* slots) const noexcept;

  // docs/formats.md, "Categories". read throws CorruptData that says what is wrong.
  void write(ByteWriter& out) const;
  static CategoryMap read(ByteReader& in);

  friend bool operator==(const CategoryMap&, const CategoryMap&) = default;

 private:
  CategoryMap() = default;

  StringTable table_;
};

}  // namespace kedge

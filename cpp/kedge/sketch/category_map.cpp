#include "kedge/sketch/category_map.h"

#include <algorithm>

#include "kedge/base/error.h"
#include "kedge/base/sort.h"

namespace kedge {

CategoryMap::CategoryMap(std::vector<std::string> names) {
  if (names.size() > kMaxCategories) {
    throw resource_exhausted("a column has at most ", kMaxCategories, " categories, got ",
                             names.size());
  }
  sort_few(names);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0 && names[i] == names[i - 1]) {
      throw invalid_argument("the category \"", names[i], "\" is listed twice");
    }
    table_.insert(names[i]);
  }
  table_.settle();
}

void CategoryMap::slots_of(std::span<const NameKey> keys, std::uint32_t* slots) const noexcept {
  table_.find_all(keys, slots);
  const std::uint32_t unlisted = unlisted_slot();
  for (std::size_t i = 0; i < keys.size(); ++i) slots[i] = std::min(slots[i], unlisted);
}

void CategoryMap::write(ByteWriter& out) const {
  out.write_varint(size());
  for (std::uint32_t slot = 0; slot < size(); ++slot) out.write_string(name(slot));
}

CategoryMap CategoryMap::read(ByteReader& in) {
  CategoryMap map;
  const std::uint64_t names = in.read_varint();
  if (names > kMaxCategories) {
    throw corrupt_data(in.section(), ": ", names, " categories, at most ", kMaxCategories);
  }
  for (std::uint64_t i = 0; i < names; ++i) {
    const std::string_view name = in.read_string();
    if (i > 0 && map.table_.name(static_cast<std::uint32_t>(i) - 1) >= name) {
      throw corrupt_data(in.section(), ": category ", i, " does not rise above the one before it");
    }
    map.table_.insert(name);
  }
  map.table_.settle();
  return map;
}

}  // namespace kedge

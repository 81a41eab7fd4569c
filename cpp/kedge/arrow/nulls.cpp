#include "kedge/arrow/nulls.h"

namespace kedge {

Column Nulls::of(TypeId type) const noexcept {
  Column column;
  column.type = type;
  column.length = rows_;
  column.validity = reinterpret_cast<const std::uint8_t*>(zeros_.data());
  column.values = zeros_.data();
  column.text = reinterpret_cast<const char*>(zeros_.data());
  return column;
}

}  // namespace kedge

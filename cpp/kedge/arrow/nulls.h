// Columns without any value, for those who know what they would hold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kedge/arrow/column.h"

namespace kedge {

// So many nulls of any number of columns, which it outlives.
class Nulls {
 public:
  explicit Nulls(std::size_t rows) : zeros_(rows + 1), rows_(rows) {}
  // `type` is one of fixed width, or utf8.
  Column of(TypeId type) const noexcept;

 private:
  std::vector<std::uint64_t> zeros_;  // bits, values and offsets alike
  std::size_t rows_;
};

}  // namespace kedge

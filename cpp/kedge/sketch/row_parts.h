// Which of a few listed names each row of a column has: what parts rows into slices and groups.
#pragma once

#include <cstdint>
#include <vector>

#include "kedge/arrow/column.h"

#include "kedge/sketch/category_map.h"

namespace kedge {

// The slot of each row in `values`, nulls and what is not listed included. The column is of a type
// that NameReader takes and has been checked. A few nanoseconds a row for dictionaries and for
// integers of a small range.
std::vector<std::uint32_t> slots_of_rows(const CategoryMap& values, const Column& column);

}  // namespace kedge

// The cells of columns as constants, and rows counted into them, for boards without heap, library
// or operating system. Counts are a Histogram's over the same map, to the last one.
#pragma once

#include <cstdint>

#include "kedge/kernels/cell_slot.h"

namespace kedge {

struct FlatColumn {
  std::uint32_t feature;        // its place in a row
  std::uint32_t first_counter;  // of plan.cells + kExtraSlots
  CellPlan plan;
};

// Adds one counter for each column. A counter holds 2^32 - 1 rows: send them on before.
template <class Input>
inline void flat_count(const FlatColumn* columns, std::uint32_t column_count, const Input* row,
                       std::uint32_t* counters) noexcept {
  for (std::uint32_t i = 0; i < column_count; ++i) {
    const FlatColumn& column = columns[i];
    ++counters[column.first_counter + cell_slot(column.plan, double{row[column.feature]})];
  }
}

}  // namespace kedge

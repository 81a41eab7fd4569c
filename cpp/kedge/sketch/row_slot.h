// The slot of one row under a column's profile: for who needs the row whole, not its count.
#pragma once

#include <cstdint>

#include "kedge/sketch/column_profile.h"

namespace kedge {

// The profile's slot for the row: of a number its cell's, of a category its name's, of a text that
// of its length. The column has been checked (check_takes, check_column). Some 20 ns.
std::uint32_t row_slot(const ColumnProfile& profile, const Column& column, std::size_t row);

// One more than the largest that row_slot gives.
std::uint32_t row_slots(const ColumnProfile& profile);

// Whether the slot is that of null or NaN.
bool is_missing_slot(const ColumnProfile& profile, std::uint32_t slot);

}  // namespace kedge

// Columns read as doubles: every fixed-width type that has an order, one block at a time.
#pragma once

#include <cstddef>

#include "kedge/arrow/column.h"

namespace kedge {

// True for bool, integers, floats, timestamps and dates without a dictionary.
bool is_numeric(const Type& type) noexcept;

// Rows start .. start+length-1 as doubles, whatever their type; what a null row holds is not
// defined. 64-bit integers beyond 2^53 are rounded to the nearest double, which keeps their order.
void read_doubles(const Column& column, std::size_t start, std::size_t length,
                  double* out) noexcept;

}  // namespace kedge

// Columns read as numbers of 64 bits, one block at a time: every fixed-width type that has an
// order.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kedge/arrow/column.h"

namespace kedge {

// True for bool, integers, floats, timestamps and dates without a dictionary.
bool is_numeric(const Type& type) noexcept;
// Those but floats.
bool is_integral(const Type& type) noexcept;
bool is_unsigned(TypeId id) noexcept;

// Rows start .. start+length-1 as doubles, whatever their type; what a null row holds is not
// defined. 64-bit integers beyond 2^53 are rounded to the nearest double, which keeps their order.
void read_doubles(const Column& column, std::size_t start, std::size_t length,
                  double* out) noexcept;

// Of an integral column, or of a dictionary's indices: sign- or zero-extended; what a null row
// holds is not defined.
void read_integers(const Column& column, std::size_t start, std::size_t length,
                   std::int64_t* out) noexcept;

// 64 bits that are equal exactly when the numbers are: both zeros are one, and so are all NaN.
void read_equal_bits(const Column& column, std::size_t start, std::size_t length,
                     std::uint64_t* out) noexcept;

}  // namespace kedge

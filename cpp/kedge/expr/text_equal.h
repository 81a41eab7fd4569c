// Where a column's texts equal one that is wanted, without a branch that random texts would send
// astray.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "kedge/arrow/column.h"

namespace kedge::expr {

// Sets out[i] to 1 where row start + i is `wanted`. `valid` may be absent; what it says is null may
// be marked or not. The column's strings have been checked; it has no dictionary.
void mark_equal(const Column& column, std::size_t start, std::size_t rows,
                const std::uint8_t* valid, std::string_view wanted, std::uint8_t* out) noexcept;

}  // namespace kedge::expr

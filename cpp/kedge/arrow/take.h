// Some rows of a column, copied into a column of their own.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kedge/arrow/column.h"
#include "kedge/base/buffer.h"

namespace kedge {

// The view and the memory it points into. A dictionary stays the source's, which must live as long.
struct TakenColumn {
  Column column;
  Buffer values;
  Buffer validity;
  std::vector<char> text;
};

// The rows are below the column's length; strings and views have been checked. Not for structs.
TakenColumn take(const Column& column, std::span<const std::uint32_t> rows);

// The same, null where there is no row; the column may be empty.
inline constexpr std::uint32_t kNoRow = 0xffffffff;
TakenColumn take_or_null(const Column& column, std::span<const std::uint32_t> rows);

}  // namespace kedge

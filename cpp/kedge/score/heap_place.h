// Where the cuts of a CutHeap stand.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace kedge {

// Cut number `rank` of the rising cuts stands at this place of a heap: the deepest level has every
// second one, the level above every second of those that are left.
inline std::size_t heap_place(std::size_t rank, std::uint32_t levels) {
  const auto up = static_cast<std::uint32_t>(std::countr_one(rank));
  return ((std::size_t{1} << levels) >> (up + 1)) + (rank >> (up + 1));
}

}  // namespace kedge

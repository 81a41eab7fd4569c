// The rank of one value among cuts. Needs no library: boards without one include it.
#pragma once

#include <cstdint>

namespace kedge {

// 2^levels - 1 rising cuts as a search tree: the middle one at [1], those of the two halves at [2]
// and [3], and so on; [0] is not read. What is left over at the top is NaN, which no value reaches.
template <class Value>
struct CutHeap {
  const Value* cuts;
  std::uint32_t levels;
};

// The number of cuts at or below `value`; 0 for NaN.
template <class Value>
inline std::uint32_t rank_of(const CutHeap<Value>& heap, Value value) noexcept {
  std::uint32_t at = 1;
  for (std::uint32_t level = 0; level < heap.levels; ++level) {
    at = 2 * at + (value >= heap.cuts[at] ? 1 : 0);
  }
  return at - (1u << heap.levels);
}

}  // namespace kedge

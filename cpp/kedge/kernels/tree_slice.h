// Trees for a block of rows at once: every node is asked for every row, one comparison of bytes for
// the whole block. No branch and no walk, so the time depends on the nodes alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kedge/base/cpu.h"
#include "kedge/kernels/rank.h"

namespace kedge {

// Parents before children. A row's leaf is numbered from the left: it is the sum of `left_leaves`
// over the nodes where the row goes right.
struct SliceNode {
  std::uint16_t slot;  // which row of codes
  std::uint8_t test;   // a code above it goes right
  std::uint8_t left_leaves;
  std::uint8_t left;  // the child's number in its tree; kSliceLeaf for a leaf
  std::uint8_t right;
};

inline constexpr std::uint8_t kSliceLeaf = 255;
inline constexpr std::size_t kMostSliceLeaves = 256;

// A test of a category, made into a row of codes that a node then compares with 0: bit `code` of
// the set, for codes below 128.
struct alignas(16) SliceSet {
  std::uint8_t bits[16];
  std::uint32_t high;  // the row of codes that has code / 8
  std::uint32_t low;   // the row that has 1 << (code % 8)
  std::uint32_t out;   // the row to write
  std::uint32_t unused = 0;
};

struct SliceTree {
  std::uint32_t first_node;
  std::uint32_t nodes;
  std::uint32_t first_set;
  std::uint32_t sets;
  std::uint32_t first_value;
  std::uint32_t output;
};

template <class Sum>
struct SlicePlan {
  std::span<const SliceTree> trees;
  const SliceNode* nodes;
  const SliceSet* sets;
  const Sum* values;  // of each tree's leaves, from the left
};

// Adds each tree's values to sums[output * kBlockRows + row], tree after tree. `codes` has
// kBlockRows codes for each slot and each set's row. Every variant gives the same bits.
template <class Sum>
using SliceKernel = void (*)(const SlicePlan<Sum>&, std::uint8_t* codes, Sum* sums);

struct SliceVariant {
  Isa isa;
  SliceKernel<double> add_f64;
  SliceKernel<float> add_f32;
};

// Row 0 is the scalar reference.
std::span<const SliceVariant> slice_variants() noexcept;

SliceVariant tree_slice_scalar() noexcept;
#if defined(__x86_64__)
SliceVariant tree_slice_avx2() noexcept;
SliceVariant tree_slice_avx512() noexcept;
#endif

}  // namespace kedge

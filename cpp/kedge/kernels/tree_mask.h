// All nodes of all trees for one row: 64 trees at a time are asked their first node, then their
// second, and each answer takes leaves away until one is left. No branch and no walk, so the time
// is the same for every row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kedge/base/cpu.h"

namespace kedge {

inline constexpr std::size_t kMaskTrees = 64;
inline constexpr std::size_t kMostMaskSlots = 128;

// Up to 64 trees of at most as many leaves as `Mask` has bits. Step s of the group has for each
// tree the slot and test of a node, and the leaves that are left when its code exceeds the test:
// all but those below its left child. Leaves are numbered from the left, the first one is the
// highest bit. A tree without a node in a step has a test that no code exceeds.
struct MaskGroup {
  std::uint32_t first_step;
  std::uint32_t steps;
  std::uint32_t trees;
};

//
// `slots`, `tests` and `masks` begin on a multiple of 64 bytes.
template <class Mask>
struct MaskPlan {
  std::span<const MaskGroup> groups;
  const std::uint8_t* slots;  // of each step, kMaskTrees of them
  const std::uint8_t* tests;
  const Mask* masks;
};

// The leaf of every tree, group by group; room for kMaskTrees a group. There are kMostMaskSlots
// codes. Every variant gives the same.
template <class Mask>
using MaskKernel = void (*)(const MaskPlan<Mask>&, const std::uint8_t* codes,
                            std::uint32_t* leaves);

struct MaskVariant {
  Isa isa;
  MaskKernel<std::uint32_t> leaves_32;
  MaskKernel<std::uint64_t> leaves_64;
};

// Row 0 is the scalar reference.
std::span<const MaskVariant> mask_variants() noexcept;

MaskVariant tree_mask_scalar() noexcept;
#if defined(__x86_64__)
MaskVariant tree_mask_avx512() noexcept;
#endif

}  // namespace kedge

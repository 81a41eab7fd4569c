// All nodes of all trees for one row: as many trees as a register has bytes are asked the node
// behind their first leaf, then the one behind their second, and each answer takes leaves away. The
// first that is left is the row's. No branch and no walk, so the time is the same for every row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kedge/base/cpu.h"

namespace kedge {

inline constexpr std::size_t kMostMaskSlots = 128;
inline constexpr std::size_t kMostMaskLeaves = 64;
inline constexpr std::size_t kMaskByteLeaves = 8;  // leaves that one byte of each tree stands for

// Trees that are asked at once, each in a lane. Their leaves are numbered from the left, and step s
// asks each tree the node whose left child ends with leaf s, so that what its answer takes away
// ends there too. A step is rows of a byte for each lane: slots, tests, and for each eight leaves
// up to s a row of those that are kept when the slot's code exceeds the test, the first leaf in the
// lowest bit. A lane that has no node in a step has a test that no code exceeds.
struct MaskGroup {
  std::size_t first_byte;  // of the steps, which lie one behind the other
  std::size_t steps;
};

constexpr std::size_t mask_step_rows(std::size_t step) noexcept {
  return 3 + step / kMaskByteLeaves;
}

// Codes are in the first `slots` of kMostMaskSlots. `steps` begins on a multiple of 64 bytes.
struct MaskPlan {
  std::span<const MaskGroup> groups;
  const std::uint8_t* steps;
  std::size_t slots;
};

// The leaf in every lane, group by group. Every variant gives the same.
using MaskKernel = void (*)(const MaskPlan&, const std::uint8_t* codes, std::uint8_t* leaves);

struct MaskVariant {
  Isa isa;
  MaskKernel leaves;
  std::size_t lanes;  // of a group
};

// Row 0 is the scalar reference.
std::span<const MaskVariant> mask_variants() noexcept;

MaskVariant tree_mask_scalar() noexcept;
#if defined(__x86_64__)
MaskVariant tree_mask_avx2() noexcept;
MaskVariant tree_mask_avx512() noexcept;
#elif defined(__aarch64__)
MaskVariant tree_mask_neon() noexcept;
#endif

}  // namespace kedge

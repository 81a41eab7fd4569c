#include <bit>

#include "kedge/kernels/tree_mask.h"

namespace kedge {
namespace {

void leaves_of(const MaskPlan& plan, const std::uint8_t* codes, std::uint8_t* leaves) {
  for (const MaskGroup& group : plan.groups) {
    std::uint64_t left = ~std::uint64_t{0};
    const std::uint8_t* step = plan.steps + group.first_byte;
    for (std::size_t s = 0; s < group.steps; step += mask_step_rows(s++)) {
      if (codes[step[0]] <= step[1]) continue;
      for (std::size_t byte = 0; byte <= s / kMaskByteLeaves; ++byte) {
        left &= ~(std::uint64_t{0xffu ^ step[2 + byte]} << (8 * byte));
      }
    }
    *leaves++ = static_cast<std::uint8_t>(std::countr_zero(left));
  }
}

}  // namespace

MaskVariant tree_mask_scalar() noexcept { return {Isa::kScalar, leaves_of, 1}; }

}  // namespace kedge

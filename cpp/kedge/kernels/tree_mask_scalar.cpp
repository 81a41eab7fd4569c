#include "kedge/kernels/tree_mask.h"

#include <bit>

namespace kedge {
namespace {

template <class Mask>
void leaves_of(const MaskPlan<Mask>& plan, const std::uint8_t* codes, std::uint32_t* leaves) {
  for (const MaskGroup& group : plan.groups) {
    for (std::size_t tree = 0; tree < group.trees; ++tree) {
      Mask left = ~Mask{0};
      for (std::size_t step = 0; step < group.steps; ++step) {
        const std::size_t at = (group.first_step + step) * kMaskTrees + tree;
        if (codes[plan.slots[at]] > plan.tests[at]) left &= plan.masks[at];
      }
      leaves[tree] = static_cast<std::uint32_t>(std::countl_zero(left));
    }
    leaves += kMaskTrees;
  }
}

}  // namespace

MaskVariant tree_mask_scalar() noexcept {
  return {Isa::kScalar, leaves_of<std::uint32_t>, leaves_of<std::uint64_t>};
}

}  // namespace kedge

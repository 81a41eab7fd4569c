#include "kedge/expr/lane_steps.h"

#include <array>

namespace kedge::expr {

std::span<const LaneSteps> lane_steps_variants() noexcept {
  static const std::array variants = {
      lane_steps_scalar(),
#if defined(__x86_64__) && !defined(KEDGE_BASELINE)
      lane_steps_avx2(),
      lane_steps_avx512(),
#endif
  };
  return variants;
}

const LaneSteps& active_steps() {
  static const LaneSteps& chosen = select_variant(lane_steps_variants(), active_isa());
  return chosen;
}

}  // namespace kedge::expr

#include <bit>
#include <cmath>

#include "kedge/expr/lane_steps.h"

#define KEDGE_TARGET

namespace kedge::expr {
namespace {

#include "kedge/expr/lane_steps_loop.h"

}  // namespace

LaneSteps lane_steps_scalar() noexcept { return steps_of(Isa::kScalar); }

}  // namespace kedge::expr

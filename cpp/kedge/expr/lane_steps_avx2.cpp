#if defined(__x86_64__)

#include <bit>
#include <cmath>

#include "kedge/expr/lane_steps.h"

#define KEDGE_TARGET __attribute__((target("avx2")))

namespace kedge::expr {
namespace {

#include "kedge/expr/lane_steps_loop.h"

}  // namespace

LaneSteps lane_steps_avx2() noexcept { return steps_of(Isa::kAvx2); }

}  // namespace kedge::expr
#endif

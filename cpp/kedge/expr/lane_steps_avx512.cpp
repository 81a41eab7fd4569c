#if defined(__x86_64__)

#include <bit>
#include <cmath>

#include "kedge/expr/lane_steps.h"

#define KEDGE_TARGET __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl")))

namespace kedge::expr {
namespace {

#include "kedge/expr/lane_steps_loop.h"

}  // namespace

LaneSteps lane_steps_avx512() noexcept { return steps_of(Isa::kAvx512); }

}  // namespace kedge::expr
#endif

// Included by each variant, in its namespace, after it has defined KEDGE_TARGET: plain loops over
// lanes, which compilers turn into vectors of the target's width.

#include "kedge/expr/lanes_loop.h"

#include "kedge/expr/convert_loop.h"

#include "kedge/expr/compare_loop.h"

#include "kedge/expr/arithmetic_loop.h"

#include "kedge/expr/logic_loop.h"

constexpr LaneSteps steps_of(Isa isa) noexcept {
  return {isa,       load_ints_of, convert_of,    compare_of, compare_kinds_of, compare_ticks_of,
          listed_of, logic_of,     arithmetic_of, unary_of};
}

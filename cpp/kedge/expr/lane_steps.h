// Steps that compute, compiled once for each width of vectors: the same answers from all of them.
#pragma once

#include <span>

#include "kedge/base/cpu.h"
#include "kedge/expr/step.h"

namespace kedge::expr {

struct LaneSteps {
  Isa isa;

  StepRun (*load_ints)(TypeId id) noexcept;         // `column` of integers of less than 64 bits
  StepRun (*convert)(Kind from, Kind to) noexcept;  // to int or float

  StepRun (*compare)(Op op, Kind kind) noexcept;      // not of bools; == != < <=
  StepRun (*compare_kinds)(Kind a, Kind b) noexcept;  // by mask, other pairs
  StepRun (*compare_ticks)() noexcept;                // by mask, a * factor with b
  StepRun (*list)(Kind kind) noexcept;                // whether list `other` has a
  StepRun (*logic)(Op op) noexcept;                   // not, and, or, is null, is not null, is nan
  StepRun (*arithmetic)(Op op, Kind kind) noexcept;   // of ints or floats
  StepRun (*unary)(Op op, Kind kind) noexcept;        // minus, abs, floor, ceil, sqrt
};

// Row 0 is the scalar reference.
LaneSteps lane_steps_scalar() noexcept;
LaneSteps lane_steps_avx2() noexcept;
LaneSteps lane_steps_avx512() noexcept;
std::span<const LaneSteps> lane_steps_variants() noexcept;

// Those of the active instruction set.
const LaneSteps& active_steps();

}  // namespace kedge::expr

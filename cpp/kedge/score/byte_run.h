// The functions of the steps that read or write bytes.
#pragma once

#include "kedge/kernels/dense_int8.h"
#include "kedge/score/plan_step.h"

namespace kedge {

// The byte nearest to x * factor + zero: the product rounded to float, its end to the nearest even,
// then clamped. NaN is the zero.
std::uint8_t quantized(float x, float factor, float zero) noexcept;

using ByteRun = void (*)(const PlanStep&, const PlanFrame&) noexcept;
ByteRun byte_run(const PlanStep& step) noexcept;

}  // namespace kedge

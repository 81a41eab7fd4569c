// The functions of the steps that read or write bytes.
#pragma once

#include "kedge/kernels/dense_int8.h"
#include "kedge/score/plan_step.h"

namespace kedge {

using ByteRun = void (*)(const PlanStep&, const PlanFrame&) noexcept;
ByteRun byte_run(const PlanStep& step) noexcept;

}  // namespace kedge

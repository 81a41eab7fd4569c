// The functions of the steps that read or write int16.
#pragma once

#include "kedge/score/plan_step.h"

namespace kedge {

StepRun short_run(const PlanStep& step) noexcept;

}  // namespace kedge

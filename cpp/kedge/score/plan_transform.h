// The steps that prepare rows for a model, and those that hand them to its trees.
#pragma once

#include "kedge/score/plan_step.h"

namespace kedge {

// The function for a step from kFill on.
template <class Number>
StepRun transform_run(const GraphStep& step);

}  // namespace kedge

// What is asked of a model: scores, or what explains them.
#pragma once

#include "kedge/serve/service_call.h"

namespace kedge {

// Both throw what is wrong with the request, and Refusal.
void model_infer(const ServiceCall& call);
void explain(const ServiceCall& call);

}  // namespace kedge

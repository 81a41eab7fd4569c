// Models that run in a Python runtime.
#pragma once

#include <memory>

#include "kedge/score/model.h"

namespace kedge {

// A model of the bundle; where it wants a runtime, that of `kedge.model.onnx_runtime`.
std::unique_ptr<Model> model_of(Bundle bundle);
// The same at a place of its own.
void make_model(Model* self, Bundle bundle);

}  // namespace kedge

// The tensors of a request as a model's rows.
#pragma once

#include <vector>

#include "kedge/score/model.h"
#include "kedge/score/rows.h"
#include "kedge/serve/infer_request.h"

namespace kedge {

// One tensor [rows, features] of FP32 or FP64 is read where it lies; one of another number becomes
// doubles in `values`. Throws InvalidArgument that names the tensor and both values.
Rows tensor_rows(const Model& model, std::span<const InferTensor> inputs,
                 std::vector<double>& values);

}  // namespace kedge

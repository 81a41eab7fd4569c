// The rows that a request brings, whichever way it brings them: see tensor_rows.h, or as an Arrow
// IPC stream in the one element of a BYTES tensor with parameter "content_type" = "arrow".
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "kedge/score/model.h"
#include "kedge/serve/infer_request.h"
#include "kedge/serve/model_form.h"

namespace kedge {

inline constexpr std::string_view kContentType = "content_type";
inline constexpr std::string_view kArrowContent = "arrow";

// Whether they come as an Arrow stream. Throws InvalidArgument when it is not alone or not one
// element.
bool brings_arrow(std::span<const InferTensor> inputs);

// Columns of a stream are matched by name as those of a table are. What is not read where it lies
// becomes doubles in `values`. Throws what is wrong with a tensor or column, by its name;
// ResourceExhausted when the stream spells a number in less than a byte, a million aside.
Rows request_rows(const Model& model, const ModelForm& form, std::span<const InferTensor> inputs,
                  std::vector<double>& values);

}  // namespace kedge

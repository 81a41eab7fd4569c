// Which requests for scores are long work: an explanation takes as long as some hundred scores.
#pragma once

#include <cstddef>
#include <span>

#include "kedge/serve/infer_request.h"

namespace kedge {

// Whether a ModelInferRequest names an output that explains, or has "explain" = true. Of one that
// cannot be read: no. A fraction of what reading it takes.
bool asks_for_explanation(std::span<const std::byte> request) noexcept;
// The same of one that was read.
bool asks_for_explanation(const InferRequest& request) noexcept;

}  // namespace kedge

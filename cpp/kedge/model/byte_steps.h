// The rules of the steps that read or write bytes.
#pragma once

#include <cstddef>

#include "kedge/model/graph.h"

namespace kedge {

bool is_byte(double value) noexcept;

// Throws CorruptData unless step `place`, kQuantize or one of those behind it, whose inputs and
// tensors lie in their lists, keeps the bounds of kernels/dense_int8.h.
void check_byte_step(const Graph& graph, std::size_t place);

}  // namespace kedge

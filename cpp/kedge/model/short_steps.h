// The rules of the steps that read or write int16.
#pragma once

#include <cstddef>

#include "kedge/model/graph.h"

namespace kedge {

// Throws CorruptData unless step `place`, kQuantizeShort or kShortAffine, whose inputs and tensors
// lie in their lists, keeps the bounds of kernels/dense_int16.h.
void check_short_step(const Graph& graph, std::size_t place);

}  // namespace kedge

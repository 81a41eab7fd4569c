// Golden rows of a graph.
#pragma once

#include "kedge/model/bundle.h"

namespace kedge {

// Some rows of seeded numbers, small and large, missing ones among them, with the raw scores that
// the graph's plan gives. The same for the same graph, on every machine.
// `forest` is what its steps of trees ask.
Golden graph_golden(const Graph& graph, std::span<const Feature> features,
                    const RankedForest& forest);

}  // namespace kedge

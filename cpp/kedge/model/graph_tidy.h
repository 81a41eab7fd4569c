// Makes a graph's steps fewer without changing a bit of what it computes.
#pragma once

#include "kedge/model/graph.h"

namespace kedge {

// Columns are taken from where they were made, not from a copy of a copy, and what nobody reads is
// left out. `graph` has passed `check`, and so has what comes of it.
Graph tidy(const Graph& graph);

}  // namespace kedge

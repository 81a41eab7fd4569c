// Encoders in front of a linear model cost a table's row, not a matrix's.
#pragma once

#include "kedge/model/graph.h"

namespace kedge {

// Where a linear step reads rows of tables that are wider than what it writes, the tables are
// multiplied by its weights beforehand: of a one-hot row one weight is left, and the sum of a
// product and many zeros is that weight. Sums keep their order. `graph` has passed `check`, and so
// has what comes of it.
Graph fuse_tables(const Graph& graph);

}  // namespace kedge

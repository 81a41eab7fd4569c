// Chooses the map for a column from a sample of it: cheap where the column allows it, and always
// with a small largest cell, because that is how wide the bracket of a distance will be.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kedge/sketch/cell_map.h"

namespace kedge {

// `sample` is sorted and finite; it may be empty. The same sample gives the same map everywhere.
//   few whole numbers (or halves, quarters, ..)  -> a lattice, exact
//   a value with more than a cell's fair share   -> cuts, the value a cell of its own
//   spread evenly enough                         -> affine
//   heavy tails                                  -> bend
//   anything else                                -> cuts at the sample's quantiles
CellMap fit_cell_map(std::span<const double> sample, std::uint32_t cells);

// The largest share of the sample in one cell that is not a point.
double largest_cell(const CellMap& map, std::span<const double> sample);

}  // namespace kedge

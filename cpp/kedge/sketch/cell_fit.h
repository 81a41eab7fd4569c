// Chooses the map for a column from a sample of it: cheap where the column allows it, and always
// with a small largest cell, because that is how wide the bracket of a distance will be.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kedge/sketch/cell_map.h"

namespace kedge {

// `sample` is sorted and lies in the range, both are finite. The same sample gives the same map
// everywhere.
//   no value at all                              -> one cell
//   few whole numbers (or halves, quarters, ..)  -> a lattice, exact
//   spread evenly enough                         -> affine
//   heavy tails                                  -> bend
//   a few places, each spread evenly enough      -> clusters
//   anything else                                -> cuts at the sample's quantiles
// A value with more than a cell's fair share (an atom) has a cell of its own in all of them; beyond
// kMostAtoms of these it is cuts.
inline constexpr std::uint32_t kLeastFitCells = 8;
inline constexpr std::uint32_t kMostFitCells = 1u << 20;
CellMap fit_cell_map(std::span<const double> sample, ValueRange range, std::uint32_t cells);

// A cell for each of the values, which rise, and one for each gap between and beyond them.
CellMap exact_cell_map(std::span<const double> values);

// The largest share of the sample in one cell that is not a point.
double largest_cell(const CellMap& map, std::span<const double> sample);

}  // namespace kedge

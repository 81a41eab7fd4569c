// The Kolmogorov-Smirnov distance of two histograms over the same cells, between bounds that hold
// with certainty: the counts fix both distribution functions at every cell's end, and inside a cell
// neither can leave the range between its two ends.
#pragma once

#include <cstdint>

#include "kedge/sketch/histogram.h"

namespace kedge {

struct Bracket {
  // lower <= sup |F - G| <= upper; upper - lower is at most the reference's largest cell that is
  // not a point. Nothing is known about a sample without values: 0 and 1.
  double lower = 0;
  double upper = 1;
  std::uint32_t slot = 0;  // where the lower bound is attained: at the end of this slot
  int sign = 1;            // +1 when the reference has the larger share up to there, else -1
};

// `reference` and `current` have equal maps. Null and NaN have no place in the order and count for
// nothing. O(cells), allocates nothing.
Bracket ks_bracket(const Histogram& reference, const Histogram& current);

// A range of slots and the share of each sample in it.
struct Interval {
  std::uint32_t first_slot = 0;
  std::uint32_t last_slot = 0;
  double reference_share = 0;
  double current_share = 0;
};

// The range of values whose share changed most, up or down. O(cells).
Interval changed_interval(const Histogram& reference, const Histogram& current);

// Whether a slot of the order holds one value and no other.
bool is_point_slot(const CellMap& map, std::uint32_t slot);

// The values that a range of slots holds; infinite where it is open.
ValueRange values_in(const CellMap& map, std::uint32_t first_slot, std::uint32_t last_slot);

}  // namespace kedge

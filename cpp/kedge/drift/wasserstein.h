// Distances in units of the value, for counts over bins whose places are known.
#pragma once

#include "kedge/drift/count_pair.h"

namespace kedge {

// `positions` holds the ends of the bins, one more than there are bins: finite, none below the one
// before. Inside a bin its values are spread evenly, so both distribution functions are linear
// there; a bin whose ends are equal is a point. The integrals are exact for that. 0 where a sample
// is empty; overflows to infinity with the range. O(bins). Both throw as check_counts, and
// InvalidArgument for positions that are not as said.

// The integral of |F - G|, as scipy.stats.wasserstein_distance has it for points.
double wasserstein(BinCounts reference, BinCounts current, std::span<const double> positions);

// The root of twice the integral of (F - G)^2, as scipy.stats.energy_distance has it for points.
double energy_distance(BinCounts reference, BinCounts current, std::span<const double> positions);

}  // namespace kedge

// Distances in units of the value, for counts over bins whose places are known.
#pragma once

#include "kedge/drift/count_pair.h"

namespace kedge {

// `positions` holds the ends of the bins, one more than there are bins: finite, none below the one
// before. Inside a bin its values are spread evenly, so both distribution functions are linear
// there; a bin whose ends are equal is a point. The integrals are exact for that. 0 where a sample
// is empty; overflows to infinity with the range. O(bins). Throws as check_counts, and
// InvalidArgument for positions that are not as said.
struct PlaceDistances {
  double wasserstein = 0;  // integral of |F - G|: scipy.stats.wasserstein_distance for points
  double energy = 0;  // root of twice that of (F - G)^2: scipy.stats.energy_distance for points
};
PlaceDistances place_distances(BinCounts reference, BinCounts current,
                               std::span<const double> positions);

}  // namespace kedge

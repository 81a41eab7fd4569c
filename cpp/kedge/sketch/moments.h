// Mean, spread and quantiles of a histogram, from its counts alone: they cost nothing while rows
// are counted, and add, subtract and agree to the bit wherever the counts do.
//
// A cell says that its values lie between its ends, so that every answer here is known to within a
// cell, and exact where cells are points. Values outside of the map's range count as its nearest
// end, infinities likewise. Null and NaN have no part. O(cells).
#pragma once

#include <cstdint>
#include <span>

#include "kedge/sketch/histogram.h"

namespace kedge {

struct Moments {
  // NaN when there is no value.
  double mean = 0;
  double mean_error = 0;  // the mean of the values, held to the range, is no farther away
  double deviation = 0;   // standard deviation, with each cell's values at its middle
};
Moments moments_of(const Histogram& histogram);
// Of Histogram::cell_counts() and CellMap::positions().
Moments moments_of(std::span<const std::uint64_t> counts, std::span<const double> ends);

// The mean of the values' amounts, without their signs, to within `error`; NaN when there is no
// value.
struct Magnitude {
  double mean = 0;
  double error = 0;
};
Magnitude magnitude_of(const Histogram& histogram);

// The ends of the cell that holds the value of rank ceil(share * values), 0 <= share <= 1; both NaN
// when there is no value.
ValueRange quantile_of(const Histogram& histogram, double share);

}  // namespace kedge

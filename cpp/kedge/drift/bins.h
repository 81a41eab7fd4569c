// Counts of two histograms or lists of names, bin by bin, for the tests and distances that take
// them.
#pragma once

#include <cstdint>
#include <vector>

#include "kedge/sketch/categories.h"
#include "kedge/sketch/histogram.h"

namespace kedge {

struct BinnedCounts {
  std::vector<std::uint64_t> reference;
  std::vector<std::uint64_t> current;
};

// Each cell is a bin, the infinities with the outer ones: as CellMap::positions() has them.
BinnedCounts cell_bins(const Histogram& reference, const Histogram& current);

// At most `bins` runs of cells, each between two of the reference's quantiles; the first and the
// last take in what is outside of its range.
BinnedCounts coarse_bins(const BinnedCounts& cells, std::size_t bins);

// Bins of fewer than five expected values on either side, were both samples one, put together into
// one more, or with the smallest when they are too few even so: tests and noise levels are limits
// that need values in the bins. Of two bins one may have fewer.
BinnedCounts pooled(const BinnedCounts& bins);

// Each name that one of two columns has is a bin, in the order in which they come; nulls are left
// out. Both columns are of a type that NameReader takes; throws as it does.
class NameTally {
 public:
  void add_reference(const Column& column) { add(column, bins_.reference); }
  void add_current(const Column& column) { add(column, bins_.current); }
  const BinnedCounts& bins() const noexcept { return bins_; }

 private:
  void add(const Column& column, std::vector<std::uint64_t>& counts);

  StringTable names_;
  BinnedCounts bins_;
};

// Each listed name is a bin, and the others together are the last one.
BinnedCounts name_bins(const Categories& reference, const Categories& current);

}  // namespace kedge

// The area under the ROC curve of scores: the probability that a current row scores above a
// reference row, ties counted half. 0.5 when the scores cannot tell the two apart.
#pragma once

#include <cstdint>
#include <vector>

#include "kedge/drift/sampling.h"

namespace kedge {

struct AucResult {
  double auc = 0.5;
  Known population;   // that of the populations the rows were drawn from
  double pvalue = 1;  // one-sided, of Mann and Whitney's test by its normal limit, ties allowed for
};

// `population` holds with probability 1 - alpha at every size: an area is the mean over pairings of
// min(n, m) independent comparisons each, so that Chernoff's bound for a mean holds for it
// (Hoeffding 1963, section 5), here with the Bernoulli divergence, which is narrow near 1. A side
// without scores leaves everything open. Scores are finite. O(n log n).
AucResult auc_of(std::vector<double> reference, std::vector<double> current, double alpha);

}  // namespace kedge

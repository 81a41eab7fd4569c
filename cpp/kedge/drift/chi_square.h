// Two-sample tests of homogeneity on counts, ordered or not: do both samples share one
// distribution over the bins? Neither is taken for the truth, as a goodness-of-fit test would.
//
// Bins that are empty on both sides are left out. Where a sample is empty, or one bin holds
// everything, nothing can be said: statistic 0, p-value 1. Pure; one pass over the bins after the
// one that checks them, no allocation.
#pragma once

#include "kedge/drift/count_pair.h"

namespace kedge {

struct ChiSquareResult {
  double statistic = 0;
  double pvalue = 1;
  double dof = 0;  // bins that are left, less one
};

// Pearson's statistic, as scipy.stats.chi2_contingency(correction=False) has it. The p-value is the
// chi-square limit's: good from about five expected values a bin on, both sides. Throws as
// check_counts.
ChiSquareResult chi_square_homogeneity(BinCounts reference, BinCounts current);

// The likelihood ratio, scipy's lambda_="log-likelihood": a sum of terms that are all positive, so
// it keeps its digits where the two samples hardly differ. Throws as check_counts.
ChiSquareResult g_test(BinCounts reference, BinCounts current);

}  // namespace kedge

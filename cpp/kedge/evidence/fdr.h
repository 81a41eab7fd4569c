// Many tests at once: p-values adjusted so that they may be held against one level together.
//
// NaN is a test that was not made: it stays NaN and does not count. Throws InvalidArgument for a
// p-value below 0 or above 1.
#pragma once

#include <span>
#include <vector>

namespace kedge {

// Each times the number of tests: below a level with at most that probability when no null
// hypothesis is wrong, however the tests depend on each other.
std::vector<double> bonferroni(std::span<const double> pvalues);

// Benjamini and Hochberg, "Controlling the False Discovery Rate", Journal of the Royal Statistical
// Society B 57, 1995: of those below a level, at most that share is expected to be false, for
// independent or positively dependent tests. As scipy.stats.false_discovery_control.
// O(tests log tests).
std::vector<double> benjamini_hochberg(std::span<const double> pvalues);

}  // namespace kedge

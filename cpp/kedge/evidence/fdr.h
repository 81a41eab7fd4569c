// Many tests at once: p-values adjusted so that they may be held against one level together, and
// evidence that may.
//
// NaN is a test that was not made: it stays NaN and does not count. Throws InvalidArgument for a
// p-value below 0 or above 1.
#pragma once

#include <cstddef>
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

// The tests to reject, in falling order of their evidence, given as logarithms: the k best, k being
// the largest number whose k-th has evidence of tests / (k alpha). Of those at most the share alpha
// is expected to be false, however the tests depend on each other (Wang and Ramdas, "False
// discovery rate control with e-values", Journal of the Royal Statistical Society B 84, 2022).
// Evidence has an expected value of at most 1 under its null hypothesis: MeanBet, TwoSampleRatio, a
// detector that is never false; not the other detectors. No NaN; throws InvalidArgument unless 0 <
// alpha < 1.
std::vector<std::size_t> e_benjamini_hochberg(std::span<const double> log_evidence, double alpha);

}  // namespace kedge

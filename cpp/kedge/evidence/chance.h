// Evidence about the chance of a hit, and about how the chances of two arms compare, from counts of
// hits and rows alone: valid however often one looks, and it merges as counts do.
//
// The likelihood of the counts under a mixture of all chances (Jeffreys' prior), over that under
// the best chance that a hypothesis allows. While the hypothesis is true, the chance that this ever
// reaches 1 / alpha is at most alpha (Ville's inequality; Robbins 1970): at the true chances it is
// a martingale, whichever way the rows of the two arms interleave, and the best chance makes it
// smaller. Needs rows that hit with one chance in each arm, given the rows before. Counts from
// which others were subtracted are another sample: what holds for all times at once is said of sums
// that only grow.
//
// TwoSampleRatio is for chances that change from block to block, and asks whether they are equal;
// here the question may have a factor and a margin.
#pragma once

#include <cstdint>

#include "kedge/evidence/bernstein_interval.h"
#include "kedge/evidence/two_sample.h"

namespace kedge {

// Hits are at most rows, and rows at most 2^53, in all that follows.

// The chances that are not refuted at 1 / alpha: they hold the true one at all times at once with
// probability 1 - alpha. 0 to 1 without rows. Throws InvalidArgument unless 0 < alpha < 1.
MeanLimits chance_limits(ArmCounts counts, double alpha);

// What is asked of two chances: how a compares with factor * b + margin.
struct ChanceRule {
  double factor = 1;
  double margin = 0;
};
// Throws InvalidArgument unless factor > 0 and -factor < margin < 1, both finite.
void check_rule(const ChanceRule& rule);

// The logarithm of the evidence that a is above factor * b + margin: against "at most".
double log_evidence_above(ArmCounts a, ArmCounts b, const ChanceRule& rule) noexcept;
// That it is below: against "at least".
double log_evidence_below(ArmCounts a, ArmCounts b, const ChanceRule& rule) noexcept;

// How fast either grows for one row, where a takes the share `share_of_a` of all rows, when these
// are the chances: 0 when they do not break the hypothesis. Tells how many rows a proof takes.
double log_growth_above(double a, double b, double share_of_a, const ChanceRule& rule) noexcept;
double log_growth_below(double a, double b, double share_of_a, const ChanceRule& rule) noexcept;

}  // namespace kedge

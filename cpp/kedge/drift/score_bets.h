// What all cuts of a column say together: bets on the mean of a score of its values (evidence of a
// shift that each cut shows a part of), beside the questions about one cut each.
//
// The scores of the parts between the cuts are a value's rank in the reference, how far that is
// from the middle, and one less each: up, down, wider, narrower. Under the null hypothesis, which
// holds each cut's chance in an interval, none of their means can be above a boundary: a mean is a
// sum of the chances at the cuts. So the factor 1 + stake (score - boundary) of a row has an
// expected value of at most 1, whatever the stake. The stakes are those that would grow fastest if
// the mean were beyond the boundary by as much as the alternatives of the questions.
//
// A large shift tells more with each row than a stake, which may not lose all, can win. For it the
// factor is e^(tilt z) over its own largest mean, of at most 1 as well: z is the rank's logit,
// nearly a normal quantile, so that it is nearly the likelihood ratio of a shift of normal values.
// Immutable.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kedge/drift/tallies.h"

namespace kedge {

// How far beyond their boundary the alternatives of all questions are.
inline constexpr double kAlternatives[] = {0.01, 0.025, 0.06, 0.15, 0.4};

class ScoreBets {
 public:
  ScoreBets() = default;
  // Of consecutive events that are the cuts of one distribution, none of them when there are none.
  ScoreBets(std::span<const Event> cuts, std::span<const std::uint64_t> reference,
            double min_effect);

  std::size_t size() const noexcept { return size_; }

  // The logarithms of the factors of what was counted between the two, times `weight`. `out` has
  // size(). O(cuts) each.
  void log_factors(std::span<const std::uint64_t> before, std::span<const std::uint64_t> after,
                   double weight, std::span<double> out) const noexcept;

 private:
  // Adds the bets on a score, each with the logarithms of a row's factors in every part.
  void add(std::span<const double> ranks, std::span<const double> shares, bool spread, bool falls,
           double min_effect, std::vector<std::vector<double>>& bets) const;

  std::vector<Event> cuts_;
  std::size_t size_ = 0;
  std::vector<double> log_factors_;  // of a row for each bet, part by part
};

}  // namespace kedge

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
// The intervals of the cuts together allow all cuts to be off to the same side, as far as any one
// can be. Where all cuts are there, their ranks say more of the scores' means (drift/rank_sums),
// whose boundary is the lower of both.
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

// How far beyond their boundary the alternatives of all questions are, and their weights: the far
// ones are shown by few rows, whatever their weight.
struct Alternative {
  double beyond;
  double weight;
};
inline constexpr Alternative kAlternatives[] = {
    {0.01, 0.24}, {0.025, 0.3}, {0.06, 0.24}, {0.15, 0.16}, {0.4, 0.06}};

class ScoreBets {
 public:
  ScoreBets() = default;
  // Of consecutive events that are the cuts of one distribution, none of them when there are none.
  // What is known of them is wrong with probability `error` at most (drift/tallies).
  ScoreBets(std::span<const Event> cuts, std::span<const std::uint64_t> reference,
            double min_effect, double error);

  std::size_t size() const noexcept { return weights_.size(); }
  // Of the evidence, for a DetectorBank: shifts have two thirds, as they are what most changes are.
  const std::vector<double>& weights() const noexcept { return weights_; }

  // The logarithms of the factors of what was counted between the two, times `weight`. `out` has
  // size(). O(cuts) each.
  void log_factors(std::span<const std::uint64_t> before, std::span<const std::uint64_t> after,
                   double weight, std::span<double> out) const noexcept;

 private:
  struct Parts;

  // Adds the bets on a score, each with the logarithms of a row's factors in every part.
  void add(const Parts& parts, bool spread, bool falls, std::vector<std::vector<double>>& bets);

  std::vector<Event> cuts_;
  std::vector<double> weights_;
  std::vector<double> log_factors_;  // of a row for each bet, part by part
};

}  // namespace kedge

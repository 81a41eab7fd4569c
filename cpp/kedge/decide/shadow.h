// Is a candidate good enough to take over? Paired losses of the live model and a candidate that
// sees the same rows in its shadow, held against a margin, with a promise that holds however often
// one looks and whatever the rows depend on.
//
// A yes: the candidate's loss is less than delta above the live one's, given the past, on average;
// delta = 0 asks for it to be better, delta < 0 for that much better. It is false with probability
// alpha at most, ever, when each row's expected difference given the past is at least delta. A no:
// the same with the difference above delta, when each is at most delta. The tighter the declared
// bound on a difference, the sooner either is shown.
//
// The first verdict stays. Does not merge: bets depend on the order of rows. One writer, or many
// readers.
#pragma once

#include <span>
#include <vector>

#include "kedge/decide/verdict.h"
#include "kedge/evidence/mean_bet.h"

namespace kedge {

class Shadow {
 public:
  // `bound` is the most that two losses of one row may differ by. Throws InvalidArgument unless
  // bound > 0 and finite, -bound < delta < bound and 0 < alpha < 1.
  Shadow(double bound, double delta, double alpha);

  // Losses of the same rows, as many of either; all finite. Throws InvalidArgument that names the
  // first row whose losses are further apart than the bound, which no promise would survive, and
  // takes none.
  void update(std::span<const double> live, std::span<const double> candidate);

  Decision decision() const noexcept;
  double mean_difference() const noexcept;  // candidate less live; NaN without rows

  // docs/formats.md, "Shadow".
  std::vector<std::byte> to_bytes() const;
  static Shadow from_bytes(std::span<const std::byte> bytes);

  friend bool operator==(const Shadow&, const Shadow&) = default;

 private:
  void take(double difference) noexcept;

  double bound_;
  double delta_;
  double alpha_;
  MeanBet better_;  // on live less candidate above -delta
  MeanBet worse_;   // on candidate less live above delta
  double most_yes_ = 0;
  double most_no_ = 0;
  Verdict verdict_ = Verdict::kNotYetKnown;
  std::uint64_t rows_ = 0;
  double sum_ = 0;  // of the differences and their squares, for the forecast
  double squares_ = 0;
};

}  // namespace kedge

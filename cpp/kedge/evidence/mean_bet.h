// Evidence against "the mean of values between two bounds is at most m", valid however the values
// depend on each other and however often one looks: the capital of a gambler who bets on larger
// values, with a stake that the past alone decides. While E[X | past] <= m, the chance that the
// capital ever multiplies by 1 / alpha is at most alpha (Ville's inequality).
//
// The stake is about the one that would have grown fastest so far: the sum of X - m over that of
// (X - m)^2 (Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting",
// Journal of the Royal Statistical Society B 86, 2024), held between 0 and half of what could
// ruin.
//
// The opposite, "at least m", is the bet on -X; both are MeanHedge. Three doubles of
// state; the update allocates nothing.
#pragma once

#include <cstdint>

#include "kedge/base/bytes.h"

namespace kedge {

class MeanBet {
 public:
  // Throws InvalidArgument unless low < mean < high, all finite, and 0 < memory <= 1. With a
  // memory below 1 the sums that decide the stake fade by that factor a value: for detectors, which
  // must learn what changed from the values after the change.
  MeanBet(double mean, double low, double high, double memory = 1);

  // Returns the logarithm of the factor by which the capital changed. Values above `high` count as
  // that, which keeps the promise; values below `low` count as that, which does not; NaN is left
  // out.
  double update(double value) noexcept;
  // The stake for the next value, in units of the range.
  double stake() const noexcept;

  double log_capital() const noexcept { return log_capital_; }

  // The capital of two runs against the same hypothesis, each of which bet without knowing the
  // other: their product. Valid when no value of one depends on the other's. Throws
  // InvalidArgument when the hypotheses differ.
  void merge(const MeanBet& other);

  // True for the bet on -X that the other is on X.
  bool mirrors(const MeanBet& other) const noexcept;

  // docs/formats.md, "Evidence".
  void write(ByteWriter& out) const;
  static MeanBet read(ByteReader& in);

  friend bool operator==(const MeanBet&, const MeanBet&) = default;

 private:
  double mean_;
  double low_;
  double high_;
  double memory_;
  double log_capital_ = 0;
  double sum_ = 0;      // of X - m, in units of the range
  double squares_ = 0;  // of (X - m)^2, likewise
};

// Both directions at half the capital each: evidence against "the mean is m".
class MeanHedge {
 public:
  // Throws as MeanBet does.
  MeanHedge(double mean, double low, double high, double memory = 1);

  // As of MeanBet, but no value outside of the bounds keeps the promise.
  double update(double value) noexcept;
  double log_capital() const noexcept;

  // As of MeanBet.
  void merge(const MeanHedge& other);
  void write(ByteWriter& out) const;
  static MeanHedge read(ByteReader& in);

  friend bool operator==(const MeanHedge&, const MeanHedge&) = default;

 private:
  MeanHedge(const MeanBet& above, const MeanBet& below) : above_(above), below_(below) {}

  MeanBet above_;
  MeanBet below_;
};

}  // namespace kedge

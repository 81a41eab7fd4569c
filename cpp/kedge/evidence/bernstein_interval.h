// The mean of values between two bounds, held between limits that are right at all times at once
// with probability 1 - alpha: the empirical-Bernstein confidence sequence, as narrow as the values'
// own variance allows (Waudby-Smith and Ramdas, "Estimating means of bounded random variables by
// betting", theorem 2). Needs only that each value's mean given the past is the one looked for; if
// those means differ, it holds for their average weighted by the stakes.
//
// Seven doubles, O(1) a value. BettingInterval is narrower, at the cost of a grid. Does not merge:
// stakes depend on how many values came before.
#pragma once

#include <cstdint>

#include "kedge/base/bytes.h"

namespace kedge {

struct MeanLimits {
  double lower = 0;
  double upper = 1;
};

class BernsteinInterval {
 public:
  // Throws InvalidArgument unless low < high, both finite, and 0 < alpha < 1.
  BernsteinInterval(double low, double high, double alpha);

  // Values outside of the bounds count as the bounds; NaN is left out.
  void update(double value) noexcept;

  // The narrowest limits so far: all of them hold together. When the values' mean moves they may
  // cross, which says that it did.
  MeanLimits limits() const noexcept;
  std::uint64_t count() const noexcept { return count_; }

  // docs/formats.md, "Evidence".
  void write(ByteWriter& out) const;
  static BernsteinInterval read(ByteReader& in);

 private:
  double low_;
  double high_;
  double alpha_;
  std::uint64_t count_ = 0;
  double sum_ = 0;         // of the values, in units of the range, as all that follows
  double squares_ = 0.25;  // of their distances from the mean so far
  double stakes_ = 0;      // the sum of the stakes
  double staked_ = 0;      // the sum of stake times value
  double penalty_ = 0;     // the sum of 4 (value - mean before)^2 psi(stake)
  MeanLimits narrowest_;
};

}  // namespace kedge

// The mean of values between two bounds, held between limits that are right at all times at once
// with probability 1 - alpha: a mean is left out once a bet against it has multiplied its capital
// by 2 / alpha. The narrowest limits known for small and skewed means, error rates above all
// (Waudby-Smith and Ramdas, as MeanBet). Needs only that each value's mean given the past is the
// one looked for.
//
// The bets are on a grid of means, and a limit moves past a point only after all before it: so the
// limit is wrong only if the bet at the one grid point next to the mean is, and the grid costs
// width, not validity. One double for each point and direction, O(points that are left) a value,
// no allocation. Does not merge: what was left out depends on the order of the values.
#pragma once

#include <cstdint>
#include <vector>

#include "kedge/base/bytes.h"
#include "kedge/evidence/bernstein_interval.h"

namespace kedge {

inline constexpr std::uint32_t kMostBettingPoints = 4096;

class BettingInterval {
 public:
  // `points` means, evenly between the bounds. Throws InvalidArgument as BernsteinInterval does,
  // and unless 2 <= points <= kMostBettingPoints.
  BettingInterval(double low, double high, double alpha, std::uint32_t points);

  // Values outside of the bounds count as the bounds; NaN is left out.
  void update(double value) noexcept;

  MeanLimits limits() const noexcept;
  // No mean is left: it was not the same all the time.
  bool is_empty() const noexcept { return first_ == last_; }
  std::uint64_t count() const noexcept { return count_; }

  // docs/formats.md, "Evidence".
  void write(ByteWriter& out) const;
  static BettingInterval read(ByteReader& in);

 private:
  double point(std::uint32_t i) const noexcept;
  void bet(std::uint32_t i, double x, double& log_above, double& log_below) const noexcept;

  double low_;
  double high_;
  double alpha_;
  std::uint64_t count_ = 0;
  double sum_ = 0;      // of the values, in units of the range
  double squares_ = 0;  // of their squares
  // Of each point that is left, the capital of the bets on more and on less.
  std::vector<double> log_above_;
  std::vector<double> log_below_;
  std::uint32_t first_ = 0;  // all points before it are shown to be too low
  std::uint32_t last_;       // all points from it on are shown to be too high
};

}  // namespace kedge

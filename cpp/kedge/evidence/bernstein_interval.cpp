#include "kedge/evidence/bernstein_interval.h"

#include <algorithm>
#include <cmath>

#include "kedge/base/error.h"
#include "kedge/base/math.h"
#include "kedge/evidence/stored_number.h"

namespace kedge {
namespace {

constexpr double kMostStake = 0.5;

std::string flaw_of(double low, double high, double alpha) {
  if (!(low < high && std::isfinite(low) && std::isfinite(high) && std::isfinite(high - low))) {
    return text("low = ", low, " is not below high = ", high, ", both finite");
  }
  if (!(alpha > 0 && alpha < 1)) return text("alpha = ", alpha, " is not between 0 and 1");
  return {};
}

}  // namespace

BernsteinInterval::BernsteinInterval(double low, double high, double alpha)
    : low_(low), high_(high), alpha_(alpha) {
  const std::string flaw = flaw_of(low, high, alpha);
  if (!flaw.empty()) throw invalid_argument(flaw);
}

void BernsteinInterval::update(double value) noexcept {
  if (std::isnan(value)) return;
  const double x = (std::clamp(value, low_, high_) - low_) / (high_ - low_);
  const auto before = static_cast<double>(count_);
  const double n = before + 1;
  const double log_error = log_of(2 / alpha_);
  const double variance = squares_ / n;
  const double stake =
      std::min(kMostStake, std::sqrt(2 * log_error / (variance * n * log1p_of(n))));
  const double mean_before = (0.5 + sum_) / n;
  stakes_ += stake;
  staked_ += stake * x;
  // psi(l) = (-log(1 - l) - l) / 4, without cancellation.
  penalty_ -= (x - mean_before) * (x - mean_before) * log1pmx(-stake);
  sum_ += x;
  const double mean = (0.5 + sum_) / (n + 1);
  squares_ += (x - mean) * (x - mean);
  ++count_;
  const double centre = staked_ / stakes_;
  const double half = (log_error + penalty_) / stakes_;
  narrowest_.lower = std::max(narrowest_.lower, centre - half);
  narrowest_.upper = std::min(narrowest_.upper, centre + half);
}

MeanLimits BernsteinInterval::limits() const noexcept {
  const double range = high_ - low_;
  return {low_ + range * narrowest_.lower, low_ + range * narrowest_.upper};
}

void BernsteinInterval::write(ByteWriter& out) const {
  for (const double number : {low_, high_, alpha_}) out.write(number);
  out.write_varint(count_);
  for (const double number :
       {sum_, squares_, stakes_, staked_, penalty_, narrowest_.lower, narrowest_.upper}) {
    out.write(number);
  }
}

BernsteinInterval BernsteinInterval::read(ByteReader& in) {
  const auto low = in.read<double>();
  const auto high = in.read<double>();
  const auto alpha = in.read<double>();
  const std::string flaw = flaw_of(low, high, alpha);
  if (!flaw.empty()) throw corrupt_data(in.section(), ": ", flaw);
  BernsteinInterval interval(low, high, alpha);
  interval.count_ = in.read_varint();
  interval.sum_ = read_at_least(in, 0, "a sum of values");
  interval.squares_ = read_at_least(in, 0.25, "a sum of squares");
  interval.stakes_ = read_at_least(in, 0, "a sum of stakes");
  interval.staked_ = read_at_least(in, 0, "a sum of staked values");
  interval.penalty_ = read_at_least(in, 0, "a sum of penalties");
  interval.narrowest_.lower = read_at_least(in, 0, "a lower limit");
  interval.narrowest_.upper = read_at_least(in, -HUGE_VAL, "an upper limit");
  return interval;
}

}  // namespace kedge

#include "kedge/evidence/betting_interval.h"

#include <algorithm>
#include <cmath>

#include "kedge/base/error.h"
#include "kedge/base/math.h"
#include "kedge/evidence/stored_number.h"

namespace kedge {
namespace {

// As in mean_bet.cpp.
constexpr double kFirstSquares = 0.25;
constexpr double kMostLost = 0.5;

std::string flaw_of(double low, double high, double alpha, std::uint64_t points) {
  if (!(low < high && std::isfinite(low) && std::isfinite(high) && std::isfinite(high - low))) {
    return text("low = ", low, " is not below high = ", high, ", both finite");
  }
  if (!(alpha > 0 && alpha < 1)) return text("alpha = ", alpha, " is not between 0 and 1");
  if (points < 2 || points > kMostBettingPoints) {
    return text("points = ", points, " is not from 2 to ", kMostBettingPoints);
  }
  return {};
}

}  // namespace

BettingInterval::BettingInterval(double low, double high, double alpha, std::uint32_t points)
    : low_(low), high_(high), alpha_(alpha), last_(points) {
  const std::string flaw = flaw_of(low, high, alpha, points);
  if (!flaw.empty()) throw invalid_argument(flaw);
  log_above_.resize(points);
  log_below_.resize(points);
}

double BettingInterval::point(std::uint32_t i) const noexcept {
  return (i + 0.5) / static_cast<double>(log_above_.size());
}

void BettingInterval::bet(std::uint32_t i, double x, double& log_above,
                          double& log_below) const noexcept {
  const double m = point(i);
  const auto n = static_cast<double>(count_);
  const double sum = sum_ - n * m;
  const double squares = std::max(0.0, squares_ - 2 * m * sum_ + n * m * m);
  const double stake = sum / (kFirstSquares + squares);
  log_above = log1p_of(std::clamp(stake, 0.0, kMostLost / m) * (x - m));
  log_below = log1p_of(std::clamp(-stake, 0.0, kMostLost / (1 - m)) * (m - x));
}

void BettingInterval::update(double value) noexcept {
  if (std::isnan(value)) return;
  const double x = (std::clamp(value, low_, high_) - low_) / (high_ - low_);
  for (std::uint32_t i = first_; i < last_; ++i) {
    double above;
    double below;
    bet(i, x, above, below);
    log_above_[i] += above;
    log_below_[i] += below;
  }
  ++count_;
  sum_ += x;
  squares_ += x * x;
  const double enough = log_of(2 / alpha_);
  while (first_ < last_ && log_above_[first_] >= enough) ++first_;
  while (first_ < last_ && log_below_[last_ - 1] >= enough) --last_;
}

MeanLimits BettingInterval::limits() const noexcept {
  const double range = high_ - low_;
  const auto points = static_cast<std::uint32_t>(log_above_.size());
  return {first_ == 0 ? low_ : low_ + range * point(first_ - 1),
          last_ == points ? high_ : low_ + range * point(last_)};
}

void BettingInterval::write(ByteWriter& out) const {
  for (const double number : {low_, high_, alpha_}) out.write(number);
  out.write_varint(log_above_.size());
  out.write_varint(count_);
  out.write(sum_);
  out.write(squares_);
  out.write_varint(first_);
  out.write_varint(last_);
  for (const double capital : log_above_) out.write(capital);
  for (const double capital : log_below_) out.write(capital);
}

BettingInterval BettingInterval::read(ByteReader& in) {
  const auto low = in.read<double>();
  const auto high = in.read<double>();
  const auto alpha = in.read<double>();
  const std::uint64_t points = in.read_varint();
  const std::string flaw = flaw_of(low, high, alpha, points);
  if (!flaw.empty()) throw corrupt_data(in.section(), ": ", flaw);
  BettingInterval interval(low, high, alpha, static_cast<std::uint32_t>(points));
  interval.count_ = in.read_varint();
  interval.sum_ = read_at_least(in, 0, "a sum of values");
  interval.squares_ = read_at_least(in, 0, "a sum of squares");
  const std::uint64_t first = in.read_varint();
  const std::uint64_t last = in.read_varint();
  if (first > last || last > points) {
    throw corrupt_data(in.section(), ": limits at ", first, " and ", last, " of ", points);
  }
  interval.first_ = static_cast<std::uint32_t>(first);
  interval.last_ = static_cast<std::uint32_t>(last);
  for (double& capital : interval.log_above_) capital = read_log_evidence(in);
  for (double& capital : interval.log_below_) capital = read_log_evidence(in);
  return interval;
}

}  // namespace kedge

#include "kedge/evidence/mean_bet.h"

#include <algorithm>
#include <cmath>

#include "kedge/base/error.h"
#include "kedge/base/math.h"
#include "kedge/evidence/log_space.h"
#include "kedge/evidence/stored_number.h"

namespace kedge {
namespace {

constexpr double kFirstSquares = 0.25;  // the most a variance can be: stakes begin low
constexpr double kMostLost = 0.5;       // of the capital, by one value

// Empty when all is well.
std::string flaw_of(double mean, double low, double high, double memory) {
  if (!(low < mean && mean < high && std::isfinite(low) && std::isfinite(high))) {
    return text("mean = ", mean, " is not between the bounds ", low, " and ", high);
  }
  if (!std::isfinite(high - low)) return text("the range ", low, " to ", high, " is too wide");
  if (!(memory > 0 && memory <= 1)) return text("memory = ", memory, " is not above 0, up to 1");
  return {};
}

}  // namespace

MeanBet::MeanBet(double mean, double low, double high, double memory)
    : mean_(mean), low_(low), high_(high), memory_(memory) {
  const std::string flaw = flaw_of(mean, low, high, memory);
  if (!flaw.empty()) throw invalid_argument(flaw);
}

double MeanBet::stake() const noexcept {
  const double ruin = (mean_ - low_) / (high_ - low_);  // the most a value can be below the mean
  return std::clamp(sum_ / (kFirstSquares + squares_), 0.0, kMostLost / ruin);
}

double MeanBet::update(double value) noexcept {
  if (std::isnan(value)) return 0;
  const double gain = (std::clamp(value, low_, high_) - mean_) / (high_ - low_);
  const double log_factor = log1p_of(stake() * gain);
  log_capital_ += log_factor;
  sum_ = memory_ * sum_ + gain;
  squares_ = memory_ * squares_ + gain * gain;
  return log_factor;
}

void MeanBet::merge(const MeanBet& other) {
  if (mean_ != other.mean_ || low_ != other.low_ || high_ != other.high_ ||
      memory_ != other.memory_) {
    throw invalid_argument("cannot merge bets on a mean of ", mean_, " within ", low_, " to ",
                           high_, " and of ", other.mean_, " within ", other.low_, " to ",
                           other.high_);
  }
  log_capital_ += other.log_capital_;
  sum_ += other.sum_;
  squares_ += other.squares_;
}

bool MeanBet::mirrors(const MeanBet& other) const noexcept {
  return mean_ == -other.mean_ && low_ == -other.high_ && high_ == -other.low_ &&
         memory_ == other.memory_;
}

void MeanBet::write(ByteWriter& out) const {
  for (const double number : {mean_, low_, high_, memory_, log_capital_, sum_, squares_}) {
    out.write(number);
  }
}

MeanBet MeanBet::read(ByteReader& in) {
  const auto mean = in.read<double>();
  const auto low = in.read<double>();
  const auto high = in.read<double>();
  const auto memory = in.read<double>();
  const std::string flaw = flaw_of(mean, low, high, memory);
  if (!flaw.empty()) throw corrupt_data(in.section(), ": ", flaw);
  MeanBet bet(mean, low, high, memory);
  bet.log_capital_ = read_log_evidence(in);
  bet.sum_ = read_at_least(in, -HUGE_VAL, "a sum of gains");
  bet.squares_ = read_at_least(in, 0, "a sum of squares");
  return bet;
}

MeanHedge::MeanHedge(double mean, double low, double high, double memory)
    : above_(mean, low, high, memory), below_(-mean, -high, -low, memory) {}

double MeanHedge::update(double value) noexcept {
  const double before = log_capital();
  above_.update(value);
  below_.update(-value);
  return log_capital() - before;
}

double MeanHedge::log_capital() const noexcept {
  constexpr double kLogHalf = -0.6931471805599453;
  return log_add(above_.log_capital(), below_.log_capital()) + kLogHalf;
}

void MeanHedge::merge(const MeanHedge& other) {
  above_.merge(other.above_);
  below_.merge(other.below_);
}

void MeanHedge::write(ByteWriter& out) const {
  above_.write(out);
  below_.write(out);
}

MeanHedge MeanHedge::read(ByteReader& in) {
  const MeanBet above = MeanBet::read(in);
  const MeanBet below = MeanBet::read(in);
  if (!below.mirrors(above)) throw corrupt_data(in.section(), ": a hedge of two different bets");
  return {above, below};
}

}  // namespace kedge

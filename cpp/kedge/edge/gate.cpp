#include "kedge/edge/gate.h"

#include <algorithm>
#include <cmath>

#include "kedge/base/error.h"
#include "kedge/base/math.h"
#include "kedge/evidence/log_space.h"

namespace kedge::edge {
namespace {

constexpr double kLevel = 14.914122846632385;  // log(3 / kAlpha): three bounds may revert
// A stake takes some rows to grow, so that a perfect candidate needs a little more than its level.
constexpr double kLevelMargin = 1.05;
constexpr std::size_t kParts = 6;
constexpr double kMargin = 0.01;  // of the range
constexpr double kStill = 0.01;   // of the sample's spread
constexpr std::size_t kMostSampleRows = 512;
constexpr std::size_t kMostCutOutputs = 8;
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr double kNoBound = 1;  // a share cannot be more
constexpr double kHalf = 0.5;
constexpr double kMostCalls = 0.9;  // in which a candidate that is no good is slower

// The least mean that is bad for a bound: twice it, or what so many values of 0 can just be told
// from. Each of them multiplies the capital of a bet against the mean by 1 + bad / (2 (1 - bad)).
double bad_of(double bound, std::uint64_t rows) {
  const double growth = exp_of(kLevel * kLevelMargin / static_cast<double>(rows)) - 1;
  return std::max(2 * bound, 2 * growth / (1 + 2 * growth));
}

bool is_number(double value) noexcept { return std::isfinite(value); }

}  // namespace

Gate::Bound::Bound(double bound, double bad, double low)
    : above_(bound, low, 1),
      below_(bad < kNoBound ? -bad : -kHalf, -1, -low),
      is_shown_(bad >= kNoBound) {}

void Gate::Bound::add(double value) noexcept {
  sum_ += value;
  above_.update(value);
  below_.update(-value);
  is_shown_ = is_shown_ || below_.log_capital() >= kLevel;
}

Gate::Gate(const GateBounds& bounds, std::size_t outputs, ValueRange range)
    : bounds_(bounds), outputs_(outputs), scale_(1 / (range.high - range.low)) {
  bounds_.check();
  if (outputs_ == 0 || !(range.high > range.low) || !is_number(scale_)) {
    throw invalid_argument("a gate for ", outputs_, " outputs from ", range.low, " to ",
                           range.high);
  }
  constexpr double kMillion = GateBounds::kMillion;
  if (bounds_.disagreement_ppm != 0) {
    const double bound = static_cast<double>(bounds_.disagreement_ppm) / kMillion;
    disagreement_.emplace(bound, bad_of(bound, bounds_.rows), 0);
  }
  if (bounds_.latency_percent != 0) latency_.emplace(kHalf, kMostCalls, 0);
  if (bounds_.distance_ppm == 0) return;
  const std::size_t outputs_cut = std::min(outputs_, kMostCutOutputs);
  sample_rows_ = std::min<std::size_t>(bounds_.rows / 4, kMostSampleRows);
  sample_.resize(sample_rows_ * outputs_cut);
  cuts_.reserve((kParts + 2) * outputs_cut);
}

void Gate::add(std::span<const double> live, std::span<const double> candidate,
               std::int64_t live_nanos, std::int64_t candidate_nanos) noexcept {
  if (verdict_ != GateVerdict::kNotYet) return;
  for (std::size_t i = 0; i < live.size(); i += outputs_) {
    ++rows_;
    add_row(live.data() + i, candidate.data() + i);
    if (verdict_ != GateVerdict::kNotYet) return;
  }
  ++calls_;
  if (latency_) {
    const double limit = static_cast<double>(bounds_.latency_percent) / 100;
    const bool is_slow =
        static_cast<double>(candidate_nanos) > limit * static_cast<double>(live_nanos);
    latency_->add(is_slow ? 1 : 0);
  }
  decide();
}

void Gate::add_row(const double* live, const double* candidate) noexcept {
  double difference = 0;
  for (std::size_t k = 0; k < outputs_; ++k) {
    if (!is_number(live[k])) continue;
    if (!is_number(candidate[k])) return revert(Cause::kNumber);
    difference = std::max(difference, std::fabs(candidate[k] - live[k]) * scale_);
  }
  if (disagreement_) disagreement_->add(std::min(difference, 1.0));
  if (bounds_.distance_ppm != 0) add_distance(live, candidate);
}

void Gate::add_distance(const double* live, const double* candidate) noexcept {
  if (sampled_ < sample_rows_) {
    for (std::size_t k = 0; k < std::min(outputs_, kMostCutOutputs); ++k) {
      sample_[k * sample_rows_ + sampled_] = live[k];
    }
    if (++sampled_ == sample_rows_) choose_cuts();
    return;
  }
  for (Cut& cut : cuts_) {
    const double is = live[cut.output];
    const double other = candidate[cut.output];
    int moved = 0;
    if (is_number(is) && std::fabs(other - is) > cut.still) {
      moved = int{other <= cut.value} - int{is <= cut.value};
    }
    cut.more.add(moved);
    cut.fewer.add(-moved);
  }
}

// In the widest gaps of each output's sample, one in each of its parts; and on both sides of all of
// it, which finds what moves out where all scores are one number.
void Gate::choose_cuts() {
  for (std::size_t k = 0; k < std::min(outputs_, kMostCutOutputs); ++k) {
    const auto sample = std::span(sample_).subspan(k * sample_rows_, sample_rows_);
    const auto end = std::partition(sample.begin(), sample.end(), is_number);
    const auto scores = sample.first(static_cast<std::size_t>(end - sample.begin()));
    if (scores.empty()) continue;
    std::sort(scores.begin(), scores.end());
    const double still = (scores.back() - scores.front()) * kStill;
    const double margin = kMargin / scale_;
    add_cut(k, scores.front() - margin, still);
    for (std::size_t part = 0; part < kParts; ++part) {
      const std::size_t last = (scores.size() - 1) * (part + 1) / kParts;
      std::size_t widest = last;
      double width = 0;
      for (std::size_t i = (scores.size() - 1) * part / kParts; i < last; ++i) {
        if (scores[i + 1] - scores[i] > width) widest = i;
        width = std::max(width, scores[i + 1] - scores[i]);
      }
      if (width > 0) add_cut(k, scores[widest] + width / 2, still);
    }
    add_cut(k, scores.back() + margin, still);
  }
}

void Gate::add_cut(std::size_t output, double value, double still) {
  const double bound = static_cast<double>(bounds_.distance_ppm) / GateBounds::kMillion;
  const double bad = bad_of(bound, bounds_.rows - sample_rows_);
  cuts_.push_back({output, value, still, Bound(bound, bad, -1), Bound(bound, bad, -1)});
}

// The mean of the capitals is a capital: all cuts together win no more often than one.
bool Gate::are_cuts_against() noexcept {
  double sum = -HUGE_VAL;
  double most = -HUGE_VAL;
  for (std::size_t i = 0; i < cuts_.size(); ++i) {
    const double against = std::max(cuts_[i].more.log_against(), cuts_[i].fewer.log_against());
    sum = log_add(sum, log_add(cuts_[i].more.log_against(), cuts_[i].fewer.log_against()));
    if (against > most) worst_cut_ = i;
    most = std::max(most, against);
  }
  return !cuts_.empty() && sum - log_of(2 * static_cast<double>(cuts_.size())) >= kLevel;
}

bool Gate::is_all_shown() const noexcept {
  const auto shown = [](const std::optional<Bound>& bound) { return !bound || bound->is_shown(); };
  return rows_ >= bounds_.rows && sampled_ == sample_rows_ && shown(disagreement_) &&
         shown(latency_) && std::ranges::all_of(cuts_, [](const Cut& cut) {
           return cut.more.is_shown() && cut.fewer.is_shown();
         });
}

void Gate::decide() noexcept {
  const auto against = [](const std::optional<Bound>& bound) {
    return bound && bound->log_against() >= kLevel;
  };
  if (against(disagreement_)) return revert(Cause::kDisagreement);
  if (are_cuts_against()) return revert(Cause::kDistance);
  if (against(latency_)) return revert(Cause::kLatency);
  if (is_all_shown()) verdict_ = GateVerdict::kCommit;
}

void Gate::look(std::int64_t now_nanos) noexcept {
  if (!has_begun_) since_ = now_nanos;
  has_begun_ = true;
  const bool is_over = now_nanos - since_ >= static_cast<std::int64_t>(bounds_.seconds) * kSecond;
  if (is_over && verdict_ == GateVerdict::kNotYet) revert(Cause::kTime);
}

void Gate::revert(Cause cause) noexcept {
  verdict_ = GateVerdict::kRevert;
  cause_ = cause;
}

std::string Gate::reason() const {
  constexpr double kMillion = GateBounds::kMillion;
  switch (cause_) {
    case Cause::kNone:
      return {};
    case Cause::kNumber:
      return text("number: row ", rows_, " has a score that is none, the live model's is one");
    case Cause::kDisagreement:
      return text("disagreement: ", disagreement_->mean(rows_), " in ", rows_, " rows, bound ",
                  static_cast<double>(bounds_.disagreement_ppm) / kMillion);
    case Cause::kDistance: {
      const Cut& cut = cuts_[worst_cut_];
      return text("distance: ", std::fabs(cut.more.mean(rows_ - sample_rows_)), " at score ",
                  cut.value, " in ", rows_, " rows, bound ",
                  static_cast<double>(bounds_.distance_ppm) / kMillion);
    }
    case Cause::kLatency:
      return text("latency: ", latency_->mean(calls_), " of ", calls_, " calls took more than ",
                  bounds_.latency_percent, " % of the live model's time, bound 0.5");
    case Cause::kTime:
      return text("time: not shown to be fit within ", bounds_.seconds, " s, by ", rows_, " rows");
  }
  return {};
}

}  // namespace kedge::edge

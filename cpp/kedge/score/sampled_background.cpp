#include "kedge/score/sampled_background.h"

#include <algorithm>
#include <cmath>

#include "kedge/base/error.h"
#include "kedge/base/random.h"
#include "kedge/model/bundle.h"
#include "kedge/score/scratch.h"

namespace kedge {
namespace {

using Clock = std::chrono::steady_clock;

// Of the largest value or score: what rounding of floats makes of values that are the same.
constexpr double kSettled = 1e-6;

bool differ(double a, double b) { return a != b && !(std::isnan(a) && std::isnan(b)); }

void shuffle(std::uint32_t* order, std::size_t count, Random& random) {
  for (std::size_t i = count; i > 1; --i) {
    std::swap(order[i - 1], order[random.below(static_cast<std::uint32_t>(i))]);
  }
}

}  // namespace

// A row's values so far: their means, and the sums of squares around them.
struct SampledBackground::Estimate {
  double* mean;
  double* squares;
  std::size_t rounds = 0;

  void add(const double* values, std::size_t count) {
    ++rounds;
    for (std::size_t i = 0; i < count; ++i) {
      const double off = values[i] - mean[i];
      mean[i] += off / static_cast<double>(rounds);
      squares[i] += off * (values[i] - mean[i]);
    }
  }
  bool has_settled(std::size_t count, double scale) const {
    if (rounds < Sampling::kLeastRounds) return false;
    for (std::size_t i = 0; i < count; ++i) scale = std::max(scale, std::fabs(mean[i]));
    const double most = kSettled * kSettled * scale * scale;
    return std::all_of(squares, squares + count, [&](double square) { return square <= most; });
  }
  void finish(std::size_t count) const {
    const auto n = static_cast<double>(rounds);
    for (std::size_t i = 0; i < count; ++i) squares[i] = std::sqrt(squares[i] / (n - 1) / n);
  }
};

SampledBackground::SampledBackground(std::shared_ptr<const Plan> plan, const Rows& sample)
    : plan_(std::move(plan)),
      features_(plan_->graph().features),
      outputs_(plan_->graph().outputs()) {
  if (sample.count == 0 || sample.count > kMostSampleRows) {
    throw invalid_argument("explain: background of ", sample.count, " rows; 1 to ",
                           kMostSampleRows);
  }
  if (features_ > kMostFeatures) {
    throw unsupported("explain: ", features_, " features of a graph of steps; ", kMostFeatures,
                      " at most");
  }
  sample_.reserve(sample.count * features_);
  for (std::size_t i = 0; i < sample.count; ++i) {
    for (std::size_t j = 0; j < features_; ++j) sample_.push_back(sample.value(i, j));
  }
  scores_.resize(sample.count * outputs_);
  score(sample_.data(), sample.count, scores_.data());
  base_.resize(outputs_);
  for (std::size_t i = 0; i < scores_.size(); ++i) base_[i % outputs_] += scores_[i];
  for (double& base : base_) base /= static_cast<double>(sample.count);
}

void SampledBackground::score(const double* rows, std::size_t count, double* out) const noexcept {
  const Rows given = rows_of({rows, count * features_}, features_);
  if (plan_->graph().number_of(plan_->graph().raw_steps) == NumberKind::kDouble) {
    return plan_->score(given, out, true);
  }
  auto* narrow = scratch<float, SampledBackground>(count * outputs_);
  plan_->score(given, narrow, true);
  std::copy_n(narrow, count * outputs_, out);
}

// The rows between the sample's and the explained one, in the order and then in the opposite one.
std::size_t SampledBackground::mix(const double* x, const double* other, const std::uint32_t* order,
                                   std::size_t count, double* mixed) const noexcept {
  double* to = mixed;
  for (const bool forward : {true, false}) {
    const double* from = other;
    for (std::size_t j = 0; j + 1 < count; ++j, from = to, to += features_) {
      std::copy_n(from, features_, to);
      const std::uint32_t turned = order[forward ? j : count - 1 - j];
      to[turned] = x[turned];
    }
  }
  return static_cast<std::size_t>(to - mixed) / features_;
}

void SampledBackground::take_round(const double* x, const double* own, std::size_t round,
                                   double* values) const noexcept {
  struct Orders;  // scratch of its own: score() uses this class's
  auto* order = scratch<std::uint32_t, Orders>(features_);
  auto* mixed = scratch<double, Orders>(2 * features_ * (features_ + outputs_));
  double* scores = mixed + 2 * features_ * features_;
  Random random(mix_bits(round));
  std::fill_n(values, outputs_ * features_, 0.0);
  for (std::size_t b = 0; b < rows(); ++b) {
    const double* other = sample_.data() + b * features_;
    std::size_t count = 0;
    for (std::uint32_t j = 0; j < features_; ++j) {
      if (differ(x[j], other[j])) order[count++] = j;
    }
    shuffle(order, count, random);
    score(mixed, mix(x, other, order, count, mixed), scores);
    const double* next = scores;
    for (const bool forward : {true, false}) {
      const double* last = scores_.data() + b * outputs_;
      for (std::size_t j = 0; j < count; ++j) {
        const double* now = j + 1 < count ? next : own;
        const std::uint32_t turned = order[forward ? j : count - 1 - j];
        for (std::size_t k = 0; k < outputs_; ++k) {
          values[k * features_ + turned] += now[k] - last[k];
        }
        last = now;
        if (j + 1 < count) next += outputs_;
      }
    }
  }
  const auto orders = static_cast<double>(2 * rows());
  for (std::size_t i = 0; i < outputs_ * features_; ++i) values[i] /= orders;
}

void SampledBackground::explain(const Rows& rows, const Sampling& sampling, double* out,
                                double* errors) const {
  const std::size_t width = outputs_ * features_;
  std::fill_n(out, rows.count * width, 0.0);
  std::fill_n(errors, rows.count * width, 0.0);
  std::vector<Estimate> estimates;
  estimates.reserve(rows.count);
  for (std::size_t i = 0; i < rows.count; ++i) {
    estimates.push_back({out + i * width, errors + i * width});
  }
  std::vector<double> x(features_);
  std::vector<double> own(outputs_);
  std::vector<double> values(width);
  Clock::duration longest{};
  for (std::size_t round = 0; round < sampling.rounds; ++round) {
    const Clock::time_point start = Clock::now();
    if (round >= Sampling::kLeastRounds && sampling.deadline &&
        start + longest > *sampling.deadline) {
      break;
    }
    for (std::size_t i = 0; i < rows.count; ++i) {
      for (std::size_t j = 0; j < features_; ++j) x[j] = rows.value(i, j);
      score(x.data(), 1, own.data());
      double scale = 0;
      for (const double one : own) scale = std::max(scale, std::fabs(one));
      if (estimates[i].has_settled(width, scale)) continue;
      take_round(x.data(), own.data(), round, values.data());
      estimates[i].add(values.data(), width);
    }
    longest = std::max(longest, Clock::now() - start);
  }
  for (const Estimate& estimate : estimates) estimate.finish(width);
}

}  // namespace kedge

#include "kedge/drift/score_bets.h"

#include <algorithm>
#include <cmath>

#include "kedge/base/math.h"

namespace kedge {
namespace {

constexpr double kLeastEdge = 1e-6;  // of the best score over the boundary; below, nothing can grow
constexpr double kMostLost = 0.9;    // of the capital, by one row
constexpr double kMostSpan = 6;      // between the logarithms of a row's factors
constexpr double kMostStaked = 0.1;  // of the alternatives, that a stake is right for
// Of a small shift of a normal distribution, in deviations, for its Kolmogorov distance: sqrt(2
// pi).
constexpr double kShift = 2.5066282746310002;

// The largest mean of the scores when each cut's chance may be anywhere in its interval: the last
// score, less each step times the chance at its cut.
double largest_mean(std::span<const double> scores, std::span<const Event> cuts,
                    double min_effect) {
  double mean = scores.back();
  for (std::size_t i = 0; i < cuts.size(); ++i) {
    const double step = scores[i + 1] - scores[i];
    const double least = std::max(0.0, cuts[i].reference.at_least - min_effect);
    const double most = std::min(1.0, cuts[i].reference.at_most + min_effect);
    mean -= std::min(step * least, step * most);
  }
  return mean;
}

double variance_of(std::span<const double> scores, std::span<const double> shares) {
  double mean = 0;
  double square = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    mean += shares[i] * scores[i];
    square += shares[i] * scores[i] * scores[i];
  }
  return std::max(0.0, square - mean * mean);
}

}  // namespace

ScoreBets::ScoreBets(std::span<const Event> cuts, std::span<const std::uint64_t> reference,
                     double min_effect)
    : cuts_(cuts.begin(), cuts.end()) {
  if (cuts.empty()) return;
  const std::size_t parts = cuts.size() + 1;
  std::vector<double> shares;
  std::vector<double> ranks;
  double before = 0;
  for (std::size_t i = 0; i < parts; ++i) {
    const double after = i == cuts.size() ? 1
                                          : static_cast<double>(reference[cuts[i].hits]) /
                                                static_cast<double>(reference[cuts[i].rows]);
    shares.push_back(after - before);
    ranks.push_back((before + after) / 2);
    before = after;
  }
  std::vector<std::vector<double>> bets;
  for (const bool spread : {false, true}) {
    for (const bool falls : {false, true}) add(ranks, shares, spread, falls, min_effect, bets);
  }
  size_ = bets.size();
  log_factors_.reserve(parts * size_);
  for (std::size_t part = 0; part < parts; ++part) {
    for (const std::vector<double>& bet : bets) log_factors_.push_back(bet[part]);
  }
}

void ScoreBets::add(std::span<const double> ranks, std::span<const double> shares, bool spread,
                    bool falls, double min_effect, std::vector<std::vector<double>>& bets) const {
  std::vector<double> scores;
  std::vector<double> logits;
  scores.reserve(ranks.size());
  logits.reserve(ranks.size());
  for (const double rank : ranks) {
    const double score = spread ? std::fabs(2 * rank - 1) : rank;
    scores.push_back(falls ? 1 - score : score);
    logits.push_back(log_of(falls ? (1 - rank) / rank : rank / (1 - rank)));
  }
  const double boundary = largest_mean(scores, cuts_, min_effect);
  if (*std::max_element(scores.begin(), scores.end()) < boundary + kLeastEdge) return;
  const auto [low, high] = std::minmax_element(logits.begin(), logits.end());
  const double variance = variance_of(scores, shares);
  const double deviation = std::sqrt(variance_of(logits, shares));
  for (const double beyond : kAlternatives) {
    std::vector<double>& bet = bets.emplace_back();
    bet.reserve(ranks.size());
    if (spread || beyond <= kMostStaked) {
      const double stake = std::min(beyond / (variance + beyond * beyond), kMostLost / boundary);
      for (const double score : scores) bet.push_back(log1p_of(stake * (score - boundary)));
      continue;
    }
    const double tilt = std::min(kShift * beyond / deviation, kMostSpan / (*high - *low));
    for (const double logit : logits) bet.push_back(exp_of(tilt * (logit - *high)));
    const double most = largest_mean(bet, cuts_, min_effect);
    for (double& factor : bet) factor = log_of(factor / most);
  }
}

void ScoreBets::log_factors(std::span<const std::uint64_t> before,
                            std::span<const std::uint64_t> after, double weight,
                            std::span<double> out) const noexcept {
  std::fill(out.begin(), out.end(), 0.0);
  std::uint64_t seen = 0;
  const double* row = log_factors_.data();
  for (std::size_t part = 0; row != log_factors_.data() + log_factors_.size(); ++part) {
    const std::uint32_t tally = part < cuts_.size() ? cuts_[part].hits : cuts_.back().rows;
    const std::uint64_t up_to = after[tally] - before[tally];
    const auto rows = static_cast<double>(static_cast<std::int64_t>(up_to - seen));
    seen = up_to;
    for (std::size_t i = 0; i < size_; ++i) out[i] += rows * row[i];
    row += size_;
  }
  for (double& log_factor : out) log_factor *= weight;
}

}  // namespace kedge

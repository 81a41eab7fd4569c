#include "kedge/drift/score_bets.h"

#include <algorithm>
#include <cmath>

#include "kedge/base/math.h"
#include "kedge/drift/rank_sums.h"

namespace kedge {
namespace {

constexpr double kLeastEdge = 1e-6;  // of the best score over the boundary; below, nothing can grow
constexpr double kMostLost = 0.9;    // of the capital, by one row
constexpr double kMostSpan = 6;      // between the logarithms of a row's factors
constexpr double kScores = 4;        // up, down, wider, narrower
constexpr double kMostStaked = 0.1;  // of the alternatives, that a stake is right for
// Of a small shift of a normal distribution, in deviations, for its Kolmogorov distance: sqrt(2
// pi).
constexpr double kShift = 2.5066282746310002;

// Shares of the evidence: a bet on a shift, and one on a change of spread.
constexpr double kOfShifts = 2;
constexpr double kOfSpreads = 1;

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

// What lies between the cuts, and what is known of it.
struct ScoreBets::Parts {
  Parts(std::span<const Event> all_cuts, std::span<const std::uint64_t> reference, double effect,
        double error);

  // The largest mean of the scores when each cut's chance may be anywhere in its interval: the
  // last score, less each step times the chance at its cut.
  double largest_mean(std::span<const double> scores) const;
  // The same by the ranks of the cuts; infinite unless all are there.
  double largest_by_ranks(std::span<const double> scores) const;

  std::span<const Event> cuts;
  double min_effect;
  double error_of_score;
  std::uint64_t rows;
  std::vector<double> shares;   // of the reference
  std::vector<double> ranks;    // of their middles; fixed where all cuts are there
  std::vector<double> between;  // by how much a cut may be above its rank; empty unless all are
};

ScoreBets::Parts::Parts(std::span<const Event> all_cuts, std::span<const std::uint64_t> reference,
                        double effect, double error)
    : cuts(all_cuts),
      min_effect(effect),
      error_of_score(error * kErrorOfScores / kScores),
      rows(reference[cuts[0].rows]) {
  const bool has_all = cuts.size() == kMostCuts;
  const double log_error = -log_of(error * kErrorBetween);
  double before = 0;
  for (std::size_t i = 0; i <= cuts.size(); ++i) {
    const std::uint64_t up_to = i == cuts.size() ? rows : reference[cuts[i].hits];
    const double after = static_cast<double>(up_to) / static_cast<double>(rows);
    shares.push_back(after - before);
    ranks.push_back(has_all ? (static_cast<double>(i) + 0.5) / (kMostCuts + 1)
                            : (before + after) / 2);
    before = after;
    if (!has_all || i == cuts.size()) continue;
    const std::uint64_t rank = std::min(rank_of_cut(rows, i + 1), up_to);
    between.push_back(most_between_ranks(up_to + 1 - rank, rows, log_error));
  }
}

double ScoreBets::Parts::largest_mean(std::span<const double> scores) const {
  double mean = scores.back();
  for (std::size_t i = 0; i < cuts.size(); ++i) {
    const double step = scores[i + 1] - scores[i];
    const double least = std::max(0.0, cuts[i].reference.at_least - min_effect);
    const double most = std::min(1.0, cuts[i].reference.at_most + min_effect);
    mean -= std::min(step * least, step * most);
  }
  return mean;
}

double ScoreBets::Parts::largest_by_ranks(std::span<const double> scores) const {
  if (between.empty()) return HUGE_VAL;
  std::vector<double> steps;
  steps.reserve(cuts.size());
  double mean = scores.back();
  for (std::size_t i = 0; i < cuts.size(); ++i) {
    const double step = scores[i + 1] - scores[i];
    steps.push_back(step);
    mean += std::fabs(step) * min_effect + std::max(0.0, -step) * between[i];
  }
  return mean - least_rank_sum(steps, rows, -log_of(error_of_score));
}

ScoreBets::ScoreBets(std::span<const Event> cuts, std::span<const std::uint64_t> reference,
                     double min_effect, double error)
    : cuts_(cuts.begin(), cuts.end()) {
  if (cuts.empty()) return;
  const Parts parts(cuts, reference, min_effect, error);
  std::vector<std::vector<double>> bets;
  for (const bool spread : {false, true}) {
    for (const bool falls : {false, true}) add(parts, spread, falls, bets);
  }
  log_factors_.reserve((cuts.size() + 1) * size());
  for (std::size_t part = 0; part <= cuts.size(); ++part) {
    for (const std::vector<double>& bet : bets) log_factors_.push_back(bet[part]);
  }
}

void ScoreBets::add(const Parts& parts, bool spread, bool falls,
                    std::vector<std::vector<double>>& bets) {
  std::vector<double> scores;
  std::vector<double> logits;
  scores.reserve(parts.ranks.size());
  logits.reserve(parts.ranks.size());
  for (const double rank : parts.ranks) {
    const double score = spread ? std::fabs(2 * rank - 1) : rank;
    scores.push_back(falls ? 1 - score : score);
    logits.push_back(log_of(falls ? (1 - rank) / rank : rank / (1 - rank)));
  }
  const double boundary = std::min(parts.largest_mean(scores), parts.largest_by_ranks(scores));
  if (*std::max_element(scores.begin(), scores.end()) < boundary + kLeastEdge) return;
  const auto [low, high] = std::minmax_element(logits.begin(), logits.end());
  const double variance = variance_of(scores, parts.shares);
  const double deviation = std::sqrt(variance_of(logits, parts.shares));
  for (const auto& [beyond, weight] : kAlternatives) {
    weights_.push_back(weight * (spread ? kOfSpreads : kOfShifts));
    std::vector<double>& bet = bets.emplace_back();
    bet.reserve(scores.size());
    if (spread || beyond <= kMostStaked) {
      const double stake = std::min(beyond / (variance + beyond * beyond), kMostLost / boundary);
      for (const double score : scores) bet.push_back(log1p_of(stake * (score - boundary)));
      continue;
    }
    const double tilt = std::min(kShift * beyond / deviation, kMostSpan / (*high - *low));
    for (const double logit : logits) bet.push_back(exp_of(tilt * (logit - *high)));
    const double most = parts.largest_mean(bet);
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
    for (std::size_t i = 0; i < size(); ++i) out[i] += rows * row[i];
    row += size();
  }
  for (double& log_factor : out) log_factor *= weight;
}

}  // namespace kedge

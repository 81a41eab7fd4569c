#include "kedge/drift/score_bets.h"

#include <algorithm>
#include <cmath>

#include "kedge/base/math.h"

namespace kedge {
namespace {

constexpr double kLeastEdge = 1e-6;  // of the best score over the boundary; below, nothing can grow
constexpr double kMostLost = 0.9;    // of the capital, by one row

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
  std::vector<double> scores(parts);
  std::vector<std::vector<double>> bets;
  for (const bool spread : {false, true}) {
    for (const bool falls : {false, true}) {
      for (std::size_t i = 0; i < parts; ++i) {
        const double score = spread ? std::fabs(2 * ranks[i] - 1) : ranks[i];
        scores[i] = falls ? 1 - score : score;
      }
      add(scores, shares, largest_mean(scores, cuts, min_effect), bets);
    }
  }
  size_ = bets.size();
  log_factors_.reserve(parts * size_);
  for (std::size_t part = 0; part < parts; ++part) {
    for (const std::vector<double>& bet : bets) log_factors_.push_back(bet[part]);
  }
}

void ScoreBets::add(std::span<const double> scores, std::span<const double> shares, double boundary,
                    std::vector<std::vector<double>>& bets) {
  if (*std::max_element(scores.begin(), scores.end()) < boundary + kLeastEdge) return;
  double mean = 0;
  double square = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    mean += shares[i] * scores[i];
    square += shares[i] * scores[i] * scores[i];
  }
  const double variance = std::max(0.0, square - mean * mean);
  for (const double beyond : kAlternatives) {
    const double stake = std::min(beyond / (variance + beyond * beyond), kMostLost / boundary);
    std::vector<double>& bet = bets.emplace_back();
    bet.reserve(scores.size());
    for (const double score : scores) bet.push_back(log1p_of(stake * (score - boundary)));
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

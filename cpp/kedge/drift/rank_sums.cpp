#include "kedge/drift/rank_sums.h"

#include <algorithm>
#include <array>

#include "kedge/base/math.h"
#include "kedge/drift/sampling.h"
#include "kedge/drift/tallies.h"

namespace kedge {
namespace {

// What lies between two cuts' ranks: how many gaps, and how much each of them counts.
struct Gaps {
  double count;
  double weight;  // from 0
};
using AllGaps = std::array<Gaps, kMostCuts + 1>;

// The sum is `least` and that of the gaps by their weights, of which one is 0.
AllGaps gaps_of(std::span<const double> steps, std::uint64_t rows, double& least) {
  AllGaps gaps;
  double after = 0;
  std::uint64_t end = rows + 1;
  for (std::size_t i = kMostCuts + 1; i-- > 0;) {
    const std::uint64_t begin = i == 0 ? 0 : rank_of_cut(rows, i);
    gaps[i] = {static_cast<double>(end - begin), after};
    if (i > 0) after += steps[i - 1];
    end = begin;
  }
  least = 0;
  for (const Gaps& gap : gaps) least = std::min(least, gap.weight);
  for (Gaps& gap : gaps) gap.weight -= least;
  return gaps;
}

// With m = u / (1 + u t) the sum of logarithms is that of log(1 + u a), less as often log(1 + u t);
// it is least for the t below, so that one search over u finds both.
struct Tail {
  double log_chance;
  double at;  // t
};

Tail tail_at(const AllGaps& gaps, double u) noexcept {
  double all = 0;
  double inverse = 0;
  double logs = 0;
  for (const Gaps& gap : gaps) {
    all += gap.count;
    inverse += gap.count / (1 + u * gap.weight);
    logs += gap.count * log1p_of(u * gap.weight);
  }
  inverse /= all;
  return {-logs - all * log_of(inverse), (1 / inverse - 1) / u};
}

}  // namespace

std::uint64_t rank_of_cut(std::uint64_t rows, std::size_t i) noexcept {
  // Without a product that could overflow.
  constexpr std::uint64_t kParts = kMostCuts + 1;
  return rows / kParts * i + (rows % kParts * i + kParts - 1) / kParts;
}

double least_rank_sum(std::span<const double> steps, std::uint64_t rows,
                      double log_error) noexcept {
  constexpr int kDoublings = 200;
  constexpr int kHalvings = 50;
  double least = 0;
  const AllGaps gaps = gaps_of(steps, rows, least);
  double below = 0;
  double above = 1e-3;
  for (int i = 0; i < kDoublings && tail_at(gaps, above).log_chance > -log_error; ++i) {
    below = above;
    above *= 2;
  }
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = below / 2 + above / 2;
    (tail_at(gaps, middle).log_chance > -log_error ? below : above) = middle;
  }
  return least + tail_at(gaps, above).at;
}

double most_between_ranks(std::uint64_t d, std::uint64_t rows, double log_error) noexcept {
  const auto n = static_cast<double>(rows);
  const auto between = static_cast<double>(d);
  const double log_parts = log_of(kMostCuts * between * (between + 1));
  return chances_within((between - 1) / n, (log_error + log_parts) / n).at_most;
}

}  // namespace kedge

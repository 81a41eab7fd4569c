#include "kedge/drift/rank_sums.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "kedge/base/math.h"
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
  double log_chance;  // its size: e^-log_chance
  double slope;       // of that
  double at;          // t
};

Tail tail_at(const AllGaps& gaps, double u) noexcept {
  double all = 0;
  double inverse = 0;
  double fall = 0;
  double logs = 0;
  double rise = 0;
  for (const Gaps& gap : gaps) {
    const double each = 1 / (1 + u * gap.weight);
    all += gap.count;
    inverse += gap.count * each;
    rise += gap.count * gap.weight * each;
    fall += gap.count * gap.weight * each * each;
    logs += gap.count * log1p_of(u * gap.weight);
  }
  const double mean = inverse / all;
  return {logs + all * log_of(mean), rise - fall / mean, (1 / mean - 1) / u};
}

// Of a normal sum: from there on the root of the logarithm grows ever more slowly with u, so that
// Newton's steps for it never go too far.
double first_guess(const AllGaps& gaps, double log_error) noexcept {
  double all = 0;
  double sum = 0;
  double squares = 0;
  for (const Gaps& gap : gaps) {
    all += gap.count;
    sum += gap.count * gap.weight;
    squares += gap.count * gap.weight * gap.weight;
  }
  return std::sqrt(2 * log_error / (squares - sum * sum / all));
}

}  // namespace

std::uint64_t rank_of_cut(std::uint64_t rows, std::size_t i) noexcept {
  // Without a product that could overflow.
  constexpr std::uint64_t kParts = kMostCuts + 1;
  return rows / kParts * i + (rows % kParts * i + kParts - 1) / kParts;
}

double least_rank_sum(std::span<const double> steps, std::uint64_t rows,
                      double log_error) noexcept {
  constexpr int kSteps = 60;
  double least = 0;
  const AllGaps gaps = gaps_of(steps, rows, least);
  double u = first_guess(gaps, log_error);
  Tail tail = tail_at(gaps, u);
  for (int i = 0; i < kSteps && tail.log_chance < log_error; ++i) {
    const double root = std::sqrt(tail.log_chance);
    const double step = 2 * root * (std::sqrt(log_error) - root) / tail.slope;
    if (step < 1e-14 * u) break;
    u += step;
    tail = tail_at(gaps, u);
  }
  return least + tail.at;
}

double most_between_ranks(std::uint64_t d, std::uint64_t rows, double log_error) noexcept {
  constexpr int kSteps = 4;
  const auto between = static_cast<double>(d);
  const double least = between - 1;
  const double error = log_error + log_of(kMostCuts * between * (between + 1));
  const double half = (std::sqrt(2 * error) + std::sqrt(2 * error + 4 * least)) / 2;
  double mean = half * half;  // not too small, as e^-(s^2 / 2) bounds the chance of s deviations
  // Newton's steps for mean - least - least log(mean / least) = error stay above, as that bends up.
  for (int i = 0; i < kSteps && least > 0; ++i) {
    const double over = mean - least - least * log_of(mean / least) - error;
    mean -= over / (1 - least / mean);
  }
  if (least == 0) mean = error;
  return std::min(1.0, mean / static_cast<double>(rows));
}

}  // namespace kedge

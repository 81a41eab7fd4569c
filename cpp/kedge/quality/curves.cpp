#include "kedge/quality/curves.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

#include "kedge/quality/spec.h"

namespace kedge {
namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

// Both are held to a share, which rounding may leave.
double share(double value) noexcept { return std::clamp(value, 0.0, 1.0); }

double sum_of(std::span<const double> counts) {
  return std::accumulate(counts.begin(), counts.end(), 0.0);
}

// The least that `count` positives add when `before` are above them and `negatives` may be: the
// i-th has precision (before + i) / (before + i + negatives) at least, in steps that take the first
// of theirs for all.
double least_precision(double before, double count, double negatives) noexcept {
  constexpr double kSteps = 64;
  const double step = std::max(1.0, count / kSteps);
  double sum = 0;
  for (double done = 0; done < count; done += step) {
    const double first = before + done + 1;
    sum += std::min(step, count - done) * first / (first + negatives);
  }
  return sum;
}

std::vector<double> cells_of(const Tally& tally, std::size_t first) {
  const std::uint64_t* counts = tally.counts.data() + first;
  return {counts, counts + kScoreCells};
}

}  // namespace

BoundedArea roc_area(std::span<const double> negatives, std::span<const double> positives,
                     std::size_t point) {
  const double pairs = sum_of(negatives) * sum_of(positives);
  if (!(pairs > 0)) return {kNothing, kNothing, kNothing};
  double above = sum_of(positives);
  double won = 0;
  double open = 0;
  for (std::size_t cell = 0; cell < negatives.size(); ++cell) {
    const double no = negatives[cell];
    const double yes = positives[cell];
    above -= yes;
    won += no * (above + yes / 2);
    if (cell != point) open += no * yes / 2;
  }
  return {share(won / pairs), share((won - open) / pairs), share((won + open) / pairs)};
}

BoundedArea precision_area(std::span<const double> negatives, std::span<const double> positives,
                           std::size_t point) {
  const double all = sum_of(positives);
  if (!(all > 0)) return {kNothing, kNothing, kNothing};
  double yes = 0;  // counted so far, from the highest score down
  double no = 0;
  BoundedArea sum{0, 0, 0};
  for (std::size_t cell = negatives.size(); cell-- > 0;) {
    const double more_no = negatives[cell];
    const double more_yes = positives[cell];
    if (more_yes > 0) {
      const double tied = more_yes * ((yes + more_yes) / (yes + more_yes + no + more_no));
      sum.value += tied;
      sum.at_most += cell == point ? tied : more_yes * ((yes + more_yes) / (yes + more_yes + no));
      sum.at_least += cell == point ? tied : least_precision(yes, more_yes, no + more_no);
    }
    yes += more_yes;
    no += more_no;
  }
  return {share(sum.value / all), share(sum.at_least / all), share(sum.at_most / all)};
}

Areas areas_of(const Tally& binary) {
  const std::vector<double> negatives = cells_of(binary, kNegativeCells);
  const std::vector<double> positives = cells_of(binary, kPositiveCells);
  return {roc_area(negatives, positives, kPointCell),
          precision_area(negatives, positives, kPointCell)};
}

double expected_roc_area(const Tally& estimate) {
  std::vector<double> negatives = cells_of(estimate, kScoredCells);
  std::vector<double> positives = negatives;
  for (std::size_t cell = 0; cell < kScoreCells; ++cell) {
    positives[cell] *= score_in_cell(cell);
    negatives[cell] -= positives[cell];
  }
  return roc_area(negatives, positives, kPointCell).value;
}

}  // namespace kedge

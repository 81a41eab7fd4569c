#include "kedge/quality/count_rows.h"

#include <algorithm>
#include <cmath>

#include "kedge/base/math.h"
#include "kedge/quality/row_values.h"

namespace kedge {
namespace {

// The least and the most that a score is taken to be in log loss: one rounding away from certain,
// as scikit-learn has it for doubles.
constexpr double kLeastScore = 0x1p-52;

// Smaller targets would make relative errors infinite.
constexpr double kLeastTarget = 1e-150;

double log_loss_of(bool is_yes, double score) noexcept {
  const double held = std::clamp(score, kLeastScore, 1 - kLeastScore);
  return is_yes ? -log_of(held) : -log1p_of(-held);
}

// Counts a row with something missing; false when nothing is.
bool count_missing(Tally& tally, bool no_target, bool no_prediction) noexcept {
  if (!no_target && !no_prediction) return false;
  ++tally.counts[no_target ? (no_prediction ? kMissingBoth : kMissingTarget) : kMissingPrediction];
  return true;
}

void count_binary(Tally& tally, double threshold, double target, double score) noexcept {
  const bool is_yes = target != 0;
  const double off = score - target;
  ++tally.counts[kOutcomes + 2 * std::size_t{is_yes} + std::size_t{score >= threshold}];
  ++tally.counts[(is_yes ? kPositiveCells : kNegativeCells) + score_cell(score)];
  tally.sums[kLogLoss].add(log_loss_of(is_yes, score));
  tally.sums[kSquaredDistance].add(off * off);
}

void count_number(Tally& tally, std::span<const double> quantiles, double target,
                  double prediction) noexcept {
  const double error = prediction - target;
  const double size = std::abs(error);
  const bool is_zero = std::abs(target) < kLeastTarget;
  ++tally.counts[kNumberRows];
  tally.counts[kZeroTargets] += is_zero ? 1 : 0;
  tally.sums[kError].add(error);
  tally.sums[kAbsoluteError].add(size);
  tally.sums[kSquaredError].add(error * error);
  if (!is_zero) tally.sums[kRelativeError].add(size / std::abs(target));
  tally.sums[kTarget].add(target);
  tally.sums[kSquaredTarget].add(exact_product(target, target));
  for (std::size_t i = 0; i < quantiles.size(); ++i) {
    const double weight = error < 0 ? quantiles[i] : 1 - quantiles[i];
    tally.sums[kRegressionSums + i].add(weight * size);
  }
}

void count_reliability(Tally& tally, std::size_t bins, double target, double score) noexcept {
  const auto wanted = static_cast<std::size_t>(score * static_cast<double>(bins));
  const std::size_t bin = std::min(wanted, bins - 1);
  ++tally.counts[kBinRows + bin];
  tally.counts[kBinRows + bins + bin] += target != 0 ? 1 : 0;
  tally.sums[kSumsOfBin * bin].add(score);
  tally.sums[kSumsOfBin * bin + 1].add(score * (1 - score));
}

void count_estimate(Tally& tally, double threshold, double score) noexcept {
  const bool is_decided = score >= threshold;
  ++tally.counts[kDecisions + std::size_t{is_decided}];
  ++tally.counts[kScoredCells + score_cell(score)];
  tally.sums[is_decided ? kScoresFrom : kScoresBelow].add(score);
  tally.sums[kExpectedLogLoss].add(score * log_loss_of(true, score) +
                                   (1 - score) * log_loss_of(false, score));
  tally.sums[kExpectedSquare].add(score * (1 - score));
}

void count_one(const QualitySpec& spec, const RowValues& rows, std::size_t row, Tally& tally) {
  const double score = rows.predictions[row];
  if (spec.kind == QualityKind::kEstimate) {
    if (!count_missing(tally, false, is_missing(score))) {
      count_estimate(tally, spec.threshold, score);
    }
    return;
  }
  const double target = rows.targets[row];
  if (count_missing(tally, is_missing(target), is_missing(score))) return;
  switch (spec.kind) {
    case QualityKind::kBinary:
      return count_binary(tally, spec.threshold, target, score);
    case QualityKind::kRegression:
      return count_number(tally, spec.quantiles, target, score);
    default:
      return count_reliability(tally, spec.bins, target, score);
  }
}

void count_classes(std::size_t classes, const RowValues& rows, std::span<Tally> tallies) {
  for (std::size_t row = 0; row < rows.length; ++row) {
    Tally& tally = tallies[rows.parts.empty() ? 0 : rows.parts[row]];
    const std::size_t target = rows.target_classes[row];
    const std::size_t predicted = rows.predicted_classes[row];
    // A null has the slot behind the one of unlisted names.
    if (count_missing(tally, target > classes, predicted > classes)) continue;
    ++tally.counts[class_slot(classes, target, predicted)];
  }
}

// All parts in one small table, so that a row is one addition.
void count_decisions(const RowValues& rows, std::span<Tally> tallies) {
  constexpr std::size_t kCodes = 9;  // 3 * target + decision, 2 for what is missing
  std::vector<std::uint64_t> table(kCodes * tallies.size());
  const double* targets = rows.targets.empty() ? nullptr : rows.targets.data();
  const std::uint32_t* parts = rows.parts.empty() ? nullptr : rows.parts.data();
  const auto code_of = [](double answer) -> std::size_t {
    return is_missing(answer) ? 2 : answer != 0 ? 1 : 0;
  };
  for (std::size_t row = 0; row < rows.length; ++row) {
    const std::size_t target = targets == nullptr ? 2 : code_of(targets[row]);
    const std::size_t part = parts == nullptr ? 0 : parts[row];
    ++table[kCodes * part + 3 * target + code_of(rows.predictions[row])];
  }
  for (std::size_t part = 0; part < tallies.size(); ++part) {
    std::vector<std::uint64_t>& counts = tallies[part].counts;
    const std::uint64_t* codes = table.data() + kCodes * part;
    for (std::size_t target = 0; target < 3; ++target) {
      counts[kDecided + 2 * target] += codes[3 * target];
      counts[kDecided + 2 * target + 1] += codes[3 * target + 1];
      counts[target == 2 ? kMissingBoth : kMissingPrediction] += codes[3 * target + 2];
    }
  }
}

}  // namespace

void count_rows(const QualitySpec& spec, const RowValues& rows, std::span<Tally> tallies) {
  if (spec.kind == QualityKind::kClasses) return count_classes(spec.classes.size(), rows, tallies);
  if (spec.kind == QualityKind::kFairness) return count_decisions(rows, tallies);
  for (std::size_t row = 0; row < rows.length; ++row) {
    count_one(spec, rows, row, tallies[rows.parts.empty() ? 0 : rows.parts[row]]);
  }
}

}  // namespace kedge

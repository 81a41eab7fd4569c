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

double weight_of(const RowValues& rows, std::size_t row) noexcept {
  return rows.weights.empty() ? 1 : rows.weights[row];
}

void count_binary(Tally& tally, const QualitySpec& spec, double target, double score,
                  double weight) noexcept {
  const bool is_yes = target != 0;
  const double off = score - target;
  const std::size_t outcome = 2 * std::size_t{is_yes} + std::size_t{score >= spec.threshold};
  ++tally.counts[kOutcomes + outcome];
  ++tally.counts[(is_yes ? kPositiveCells : kNegativeCells) + score_cell(score)];
  tally.sums[kLogLoss].add(weight * log_loss_of(is_yes, score));
  tally.sums[kSquaredDistance].add(weight * (off * off));
  if (!spec.weight.empty()) tally.sums[kBinarySums + outcome].add(weight);
}

void count_number(Tally& tally, const QualitySpec& spec, double target, double prediction,
                  double weight) noexcept {
  const std::vector<double>& quantiles = spec.quantiles;
  const double error = prediction - target;
  const double size = std::abs(error);
  const bool is_zero = std::abs(target) < kLeastTarget;
  ++tally.counts[kNumberRows];
  tally.counts[kZeroTargets] += is_zero ? 1 : 0;
  tally.sums[kError].add(weight * error);
  tally.sums[kAbsoluteError].add(weight * size);
  tally.sums[kSquaredError].add(weight * (error * error));
  if (!is_zero) tally.sums[kRelativeError].add(weight * (size / std::abs(target)));
  const Twofold square = exact_product(target, target);
  tally.sums[kTarget].add(exact_product(weight, target));
  tally.sums[kSquaredTarget].add(exact_product(weight, square.high));
  tally.sums[kSquaredTarget].add(exact_product(weight, square.low));
  for (std::size_t i = 0; i < quantiles.size(); ++i) {
    const double slope = error < 0 ? quantiles[i] : 1 - quantiles[i];
    tally.sums[kRegressionSums + i].add(weight * (slope * size));
  }
  if (spec.weight.empty()) return;
  const std::size_t first = kRegressionSums + quantiles.size();
  tally.sums[first].add(weight);
  if (!is_zero) tally.sums[first + 1].add(weight);
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
      return count_binary(tally, spec, target, score, weight_of(rows, row));
    case QualityKind::kRegression:
      return count_number(tally, spec, target, score, weight_of(rows, row));
    default:
      return count_reliability(tally, spec.bins, target, score);
  }
}

// A class that is not listed has a probability of 0.
void count_shares(Tally& tally, std::span<const double> shares, std::size_t target,
                  double weight) noexcept {
  const double said = target < shares.size() ? shares[target] : 0;
  double squares = (1 - said) * (1 - said);
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (i != target) squares += shares[i] * shares[i];
  }
  tally.sums[kClassLogLoss].add(weight * log_loss_of(true, said));
  tally.sums[kClassSquares].add(weight * squares);
}

void count_classes(const QualitySpec& spec, const RowValues& rows, std::span<Tally> tallies) {
  const std::size_t classes = spec.classes.size();
  const std::size_t first_weight = spec.probabilities.empty() ? 0 : std::size_t{kClassSums};
  for (std::size_t row = 0; row < rows.length; ++row) {
    Tally& tally = tallies[rows.parts.empty() ? 0 : rows.parts[row]];
    const std::size_t target = rows.target_classes[row];
    const std::size_t predicted = rows.predicted_classes[row];
    // A null has the slot behind the one of unlisted names.
    if (count_missing(tally, target > classes, predicted > classes)) continue;
    const std::size_t slot = class_slot(classes, target, predicted);
    const double weight = weight_of(rows, row);
    ++tally.counts[slot];
    if (!spec.weight.empty()) tally.sums[first_weight + slot - kCommonCounts].add(weight);
    if (spec.probabilities.empty()) continue;
    count_shares(tally, std::span(rows.probabilities).subspan(row * classes, classes), target,
                 weight);
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
  if (spec.kind == QualityKind::kClasses) return count_classes(spec, rows, tallies);
  if (spec.kind == QualityKind::kFairness) return count_decisions(rows, tallies);
  for (std::size_t row = 0; row < rows.length; ++row) {
    count_one(spec, rows, row, tallies[rows.parts.empty() ? 0 : rows.parts[row]]);
  }
}

}  // namespace kedge

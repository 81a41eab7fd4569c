// What is to be counted of predictions and what became true: the definition of QualityCounts, and
// where each of its counts stands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "kedge/base/bytes.h"
#include "kedge/quality/score_cells.h"

namespace kedge {

enum class QualityKind : std::uint8_t {
  kBinary,       // scores from 0 to 1 against 0 or 1
  kClasses,      // a class's name against the true one
  kRegression,   // numbers against numbers
  kCalibration,  // as binary: is it a probability?
  kEstimate,     // scores alone: what they say of their own quality
  kFairness,     // decisions, 0 or 1, and perhaps what became true, by group
};

inline constexpr std::size_t kMostClasses = 1024;
inline constexpr std::size_t kMostReliabilityBins = 1000;
inline constexpr std::size_t kMostQuantileLosses = 64;
inline constexpr std::size_t kMostGroups = 256;         // of fairness: each is compared with each
inline constexpr std::size_t kMostQualityParts = 4096;  // of the column that parts the rows
// All parts together; a small file must not claim a large memory.
inline constexpr std::size_t kMostQualitySlots = std::size_t{1} << 24;

struct QualitySpec {
  QualityKind kind = QualityKind::kBinary;
  std::string target;      // the column of what became true; empty for none (estimate, fairness)
  std::string prediction;  // the column of scores, classes, numbers or decisions
  double threshold = 0.5;  // a score from here on is a yes
  std::uint32_t bins = 0;  // of calibration
  std::vector<std::string> classes;
  std::vector<std::string> probabilities;  // the column of each class's, or none at all
  std::vector<double> quantiles;           // whose loss is asked for, of regression
  std::string part_column;                 // whose values part the rows; empty for none
  std::vector<std::string> part_values;
  std::string weight;  // the column of how much a row counts; empty when all count 1
  // Of fairness: no group's rate is to be below `minimum` times another's, or the reference's if
  // one is named; and how often, ever, what is shown of that may be wrong.
  double minimum = 1;
  double alpha = 0.05;
  std::string reference;

  // Throws InvalidArgument or ResourceExhausted that names the field, its value and the bound.
  void check() const;

  std::size_t count_slots() const noexcept;
  std::size_t sum_slots() const noexcept;

  // Without probabilities and weights the stored form is that of version 1.
  std::uint32_t version() const noexcept { return probabilities.empty() && weight.empty() ? 1 : 2; }
  void write(ByteWriter& out) const;
  // Throws CorruptData for what check() refuses.
  static QualitySpec read(ByteReader& in, std::uint32_t version);

  friend bool operator==(const QualitySpec&, const QualitySpec&) = default;

 private:
  void check_parts() const;
  void check_rows() const;
};

// Counts of every kind: rows whose target is missing (null or NaN), whose prediction is, both. They
// have no part in what follows.
inline constexpr std::size_t kMissingTarget = 0;
inline constexpr std::size_t kMissingPrediction = 1;
inline constexpr std::size_t kMissingBoth = 2;
inline constexpr std::size_t kCommonCounts = 3;

// Binary: 2 * target + decision, then the negatives of each cell of scores, then the positives.
inline constexpr std::size_t kOutcomes = kCommonCounts;
inline constexpr std::size_t kNegativeCells = kOutcomes + 4;
inline constexpr std::size_t kPositiveCells = kNegativeCells + kScoreCells;
inline constexpr std::size_t kBinaryCounts = kPositiveCells + kScoreCells;
enum BinarySum : std::size_t { kLogLoss, kSquaredDistance, kBinarySums };
// Then, where rows have weights, those of the four outcomes. Cells count rows.
inline constexpr std::size_t kOutcomeSums = 4;

// Classes: a square matrix, the true class's row after row, the last of each for unlisted names.
inline std::size_t class_slot(std::size_t classes, std::size_t target, std::size_t predicted) {
  return kCommonCounts + target * (classes + 1) + predicted;
}
// With probabilities; then, where rows have weights, those of the matrix.
enum ClassSum : std::size_t { kClassLogLoss, kClassSquares, kClassSums };

// Regression: rows, and those whose target is 0 or as good as.
inline constexpr std::size_t kNumberRows = kCommonCounts;
inline constexpr std::size_t kZeroTargets = kNumberRows + 1;
inline constexpr std::size_t kRegressionCounts = kZeroTargets + 1;
enum RegressionSum : std::size_t {
  kError,          // prediction - target
  kAbsoluteError,  // and its size
  kSquaredError,
  kRelativeError,  // |error / target|, of the targets that are not zero
  kTarget,
  kSquaredTarget,
  kRegressionSums,  // then one for each quantile loss
};

// Then, where rows have weights, all of them, and those of targets that are not zero.
inline constexpr std::size_t kNumberWeights = 2;

// Calibration: rows of each bin, then its positives.
inline constexpr std::size_t kBinRows = kCommonCounts;
// Sums of each bin: of the scores, and of score (1 - score).
inline constexpr std::size_t kSumsOfBin = 2;

// Estimate: the decisions no and yes, then the rows of each cell of scores; sums of the scores
// below and from the threshold, then of the losses that the scores lead one to expect.
inline constexpr std::size_t kDecisions = kCommonCounts;
inline constexpr std::size_t kScoredCells = kDecisions + 2;
inline constexpr std::size_t kEstimateCounts = kScoredCells + kScoreCells;
enum EstimateSum : std::size_t {
  kScoresBelow,
  kScoresFrom,
  kExpectedLogLoss,
  kExpectedSquare,
  kEstimateSums,
};

// Fairness: decision + 2 * target, target being 0, 1 or, when it is missing, 2. A decision counts
// even when its target is missing.
inline constexpr std::size_t kDecided = kCommonCounts;
inline constexpr std::size_t kFairnessCounts = kDecided + 6;

}  // namespace kedge

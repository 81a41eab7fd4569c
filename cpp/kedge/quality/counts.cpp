#include "kedge/quality/counts.h"

#include <algorithm>
#include <numeric>

#include "kedge/arrow/flatten.h"
#include "kedge/base/error.h"
#include "kedge/base/frame.h"
#include "kedge/quality/count_rows.h"
#include "kedge/quality/row_values.h"

namespace kedge {
namespace {

constexpr std::string_view kKind = "QLTY";
constexpr std::uint32_t kVersion = 2;
constexpr std::uint64_t kMostRows = std::uint64_t{1} << 53;  // whole numbers that a double holds

// With the column of each class's probability.
void sort_classes(QualitySpec& spec) {
  std::vector<std::pair<std::string, std::string>> both;
  both.reserve(spec.classes.size());
  for (std::size_t i = 0; i < spec.classes.size(); ++i) {
    both.emplace_back(spec.classes[i], spec.probabilities.empty() ? "" : spec.probabilities[i]);
  }
  std::sort(both.begin(), both.end());
  for (std::size_t i = 0; i < both.size(); ++i) {
    spec.classes[i] = std::move(both[i].first);
    if (!spec.probabilities.empty()) spec.probabilities[i] = std::move(both[i].second);
  }
}

QualitySpec checked(QualitySpec spec) {
  spec.check();
  sort_classes(spec);
  std::sort(spec.part_values.begin(), spec.part_values.end());
  return spec;
}

std::uint64_t sum_of(const Tally& tally, std::size_t first, std::size_t count) noexcept {
  const std::uint64_t* counts = tally.counts.data() + first;
  return std::accumulate(counts, counts + count, std::uint64_t{0});
}

std::uint64_t rows_in(const QualitySpec& spec, const Tally& tally) noexcept {
  std::size_t counted = spec.count_slots();
  if (spec.kind == QualityKind::kBinary) counted = kNegativeCells;
  if (spec.kind == QualityKind::kRegression) counted = kZeroTargets;
  if (spec.kind == QualityKind::kCalibration) counted = kBinRows + spec.bins;
  if (spec.kind == QualityKind::kEstimate) counted = kScoredCells;
  return sum_of(tally, 0, counted);
}

// Errors and targets may add up to less than nothing; losses, scores and spreads do not.
bool has_possible_sums(const QualitySpec& spec, const Tally& tally) noexcept {
  for (std::size_t i = 0; i < tally.sums.size(); ++i) {
    const bool has_sign = spec.kind == QualityKind::kRegression && (i == kError || i == kTarget);
    if (!has_sign && tally.sums[i].value() < 0) return false;
  }
  return true;
}

// False for counts and sums that no rows can have given.
bool is_possible(const QualitySpec& spec, const Tally& tally) noexcept {
  if (!has_possible_sums(spec, tally)) return false;
  const std::vector<std::uint64_t>& counts = tally.counts;
  switch (spec.kind) {
    case QualityKind::kBinary:
      return sum_of(tally, kNegativeCells, kScoreCells) == sum_of(tally, kOutcomes, 2) &&
             sum_of(tally, kPositiveCells, kScoreCells) == sum_of(tally, kOutcomes + 2, 2);
    case QualityKind::kRegression:
      return counts[kZeroTargets] <= counts[kNumberRows];
    case QualityKind::kCalibration:
      for (std::size_t bin = kBinRows; bin < kBinRows + spec.bins; ++bin) {
        if (counts[bin + spec.bins] > counts[bin]) return false;
      }
      return true;
    case QualityKind::kEstimate:
      return sum_of(tally, kScoredCells, kScoreCells) == sum_of(tally, kDecisions, 2);
    case QualityKind::kClasses:
    case QualityKind::kFairness:
      return true;
  }
  return true;
}

}  // namespace

QualityCounts::QualityCounts(QualitySpec spec)
    : spec_(checked(std::move(spec))),
      values_(spec_.part_values),
      classes_(spec_.classes),
      parts_(spec_.part_values.size() + 1, Tally(spec_.count_slots(), spec_.sum_slots())) {}

RowValues QualityCounts::read_predictions(const Batch& flat) const {
  RowValues rows;
  rows.length = flat.length;
  if (!spec_.part_column.empty()) {
    rows.parts = names_of(flat, spec_.part_column, values_);
    for (std::uint32_t& part : rows.parts) part = std::min(part, values_.unlisted_slot());
  }
  switch (spec_.kind) {
    case QualityKind::kClasses:
      rows.predicted_classes = names_of(flat, spec_.prediction, classes_);
      read_probabilities(flat, rows);
      break;
    case QualityKind::kRegression:
      rows.predictions = values_of(flat, spec_.prediction, ValueDomain::kNumber);
      break;
    case QualityKind::kFairness:
      rows.predictions = values_of(flat, spec_.prediction, ValueDomain::kAnswer);
      break;
    default:
      rows.predictions = values_of(flat, spec_.prediction, ValueDomain::kScore);
  }
  if (!spec_.weight.empty()) rows.weights = weights_of(flat, spec_.weight);
  return rows;
}

void QualityCounts::read_probabilities(const Batch& flat, RowValues& rows) const {
  if (spec_.probabilities.empty()) return;
  rows.probabilities = shares_of(flat, spec_.probabilities);
  const std::size_t classes = spec_.classes.size();
  for (std::size_t row = 0; row < flat.length; ++row) {
    const double* shares = rows.probabilities.data() + row * classes;
    if (std::any_of(shares, shares + classes, is_missing)) {
      rows.predicted_classes[row] = classes_.null_slot();
    }
  }
}

RowValues QualityCounts::read_targets(const Batch& flat) const {
  RowValues rows;
  rows.length = flat.length;
  if (spec_.target.empty()) return rows;
  if (spec_.kind == QualityKind::kClasses) {
    rows.target_classes = names_of(flat, spec_.target, classes_);
    return rows;
  }
  const bool is_number = spec_.kind == QualityKind::kRegression;
  rows.targets =
      values_of(flat, spec_.target, is_number ? ValueDomain::kNumber : ValueDomain::kAnswer);
  return rows;
}

bool QualityCounts::is_target_missing(const RowValues& rows, std::size_t row) const noexcept {
  if (spec_.kind == QualityKind::kClasses) return rows.target_classes[row] == classes_.null_slot();
  return is_missing(rows.targets[row]);
}

RowValues QualityCounts::read_rows(const Batch& flat) const {
  RowValues rows = read_predictions(flat);
  RowValues targets = read_targets(flat);
  rows.targets = std::move(targets.targets);
  rows.target_classes = std::move(targets.target_classes);
  return rows;
}

void QualityCounts::update(const Batch& batch) { count(read_rows(flatten(batch))); }

void QualityCounts::check_spec(const QualityCounts& other, std::string_view verb) const {
  if (spec_ == other.spec_) return;
  throw invalid_argument("cannot ", verb, " counts of another definition; make one with like()");
}

std::uint64_t QualityCounts::row_count() const noexcept {
  std::uint64_t rows = 0;
  for (const Tally& part : parts_) rows += rows_in(spec_, part);
  return rows;
}

void QualityCounts::merge(const QualityCounts& other) {
  check_spec(other, "merge");
  if (other.row_count() > kMostRows - row_count()) {
    throw invalid_argument("cannot merge ", other.row_count(), " rows with ", row_count(),
                           ": at most ", kMostRows, " are counted");
  }
  for (std::size_t i = 0; i < parts_.size(); ++i) parts_[i].merge(other.parts_[i]);
}

void QualityCounts::subtract(const QualityCounts& other) {
  check_spec(other, "subtract");
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (parts_[i].holds(other.parts_[i])) continue;
    throw invalid_argument("cannot subtract: the other has rows in \"", part_name(i),
                           "\" that are not counted here");
  }
  for (std::size_t i = 0; i < parts_.size(); ++i) parts_[i].subtract(other.parts_[i]);
}

std::string QualityCounts::part_name(std::size_t part) const {
  if (part >= spec_.part_values.size()) return "(others)";
  return spec_.part_values[part];
}

Tally QualityCounts::total() const {
  Tally total(spec_.count_slots(), spec_.sum_slots());
  for (const Tally& part : parts_) total.merge(part);
  return total;
}

std::vector<std::byte> QualityCounts::to_bytes() const {
  ByteWriter out;
  spec_.write(out);
  for (const Tally& part : parts_) part.write(out);
  return seal_frame(kKind, spec_.version(), out.view());
}

QualityCounts QualityCounts::from_bytes(std::span<const std::byte> bytes) {
  ByteReader file(bytes, "quality");
  QualityCounts counts = read(file);
  file.expect_end();
  return counts;
}

QualityCounts QualityCounts::read(ByteReader& file) {
  const Frame frame = open_frame(file, kKind, kVersion);
  ByteReader in(frame.payload, file.section());
  QualityCounts counts(QualitySpec::read(in, frame.version));
  for (std::size_t i = 0; i < counts.parts_.size(); ++i) {
    counts.parts_[i].read(in);
    if (is_possible(counts.spec_, counts.parts_[i])) continue;
    throw corrupt_data(in.section(), ": the counts of \"", counts.part_name(i),
                       "\" contradict each other");
  }
  in.expect_end();
  if (counts.row_count() > kMostRows) {
    throw corrupt_data(in.section(), ": ", counts.row_count(), " rows, at most ", kMostRows);
  }
  return counts;
}

}  // namespace kedge

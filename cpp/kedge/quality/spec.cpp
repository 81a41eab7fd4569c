#include "kedge/quality/spec.h"

#include <algorithm>
#include <set>

#include "kedge/base/error.h"
#include "kedge/base/exact_total.h"

namespace kedge {
namespace {

void check_names(const char* what, const std::vector<std::string>& names, std::size_t most) {
  if (names.size() > most) {
    throw resource_exhausted(what, " has ", names.size(), " values, at most ", most);
  }
  std::set<std::string> seen;
  for (const std::string& name : names) {
    if (!seen.insert(name).second) throw invalid_argument(what, ": \"", name, "\" is listed twice");
  }
}

void write_names(ByteWriter& out, const std::vector<std::string>& names) {
  out.write_varint(names.size());
  for (const std::string& name : names) out.write_string(name);
}

std::vector<std::string> read_names(ByteReader& in) {
  const std::uint64_t count = in.read_varint();
  if (count > in.remaining()) {
    throw corrupt_data(in.section(), ": ", count, " names in ", in.remaining(), " bytes");
  }
  std::vector<std::string> names;
  names.reserve(static_cast<std::size_t>(count));
  for (std::uint64_t i = 0; i < count; ++i) names.emplace_back(in.read_string());
  return names;
}

bool needs_target(QualityKind kind) noexcept {
  return kind != QualityKind::kEstimate && kind != QualityKind::kFairness;
}

}  // namespace

void QualitySpec::check() const {
  if (prediction.empty()) throw invalid_argument("no column of predictions is named");
  if (target.empty() == needs_target(kind)) {
    if (needs_target(kind)) throw invalid_argument("no column of targets is named");
    if (kind == QualityKind::kEstimate) {
      throw invalid_argument("target = \"", target, "\": an estimate has no use for targets");
    }
  }
  if (!(threshold >= 0 && threshold <= 1)) {
    throw invalid_argument("threshold = ", threshold, " is not from 0 to 1");
  }
  const bool has_bins = kind == QualityKind::kCalibration;
  if (has_bins ? bins < 1 || bins > kMostReliabilityBins : bins != 0) {
    throw invalid_argument("bins = ", bins, " is not from 1 to ", kMostReliabilityBins);
  }
  if ((kind == QualityKind::kClasses) != !classes.empty()) {
    throw invalid_argument("classes: ", classes.size(), " are named");
  }
  check_names("classes", classes, kMostClasses);
  if (quantiles.size() > kMostQuantileLosses) {
    throw resource_exhausted("quantiles has ", quantiles.size(), " values, at most ",
                             kMostQuantileLosses);
  }
  for (const double quantile : quantiles) {
    if (quantile > 0 && quantile < 1) continue;
    throw invalid_argument("quantiles: ", quantile, " is not between 0 and 1");
  }
  check_rows();
  check_parts();
}

void QualitySpec::check_rows() const {
  if (!probabilities.empty() && probabilities.size() != classes.size()) {
    throw invalid_argument("probabilities: ", probabilities.size(), " columns are named for ",
                           classes.size(), " classes");
  }
  check_names("probabilities", probabilities, kMostClasses);
  const bool is_performance = kind == QualityKind::kBinary || kind == QualityKind::kClasses ||
                              kind == QualityKind::kRegression;
  if (!weight.empty() && !is_performance) {
    throw invalid_argument("weight = \"", weight, "\": evidence is of rows that count 1 each");
  }
}

void QualitySpec::check_parts() const {
  if (part_column.empty() && !part_values.empty()) {
    throw invalid_argument("values of parts are listed, but no column that has them");
  }
  check_names("the list of parts", part_values, kMostQualityParts);
  constexpr std::size_t kSlotsOfSum = sizeof(ExactTotal) / sizeof(std::uint64_t);
  const std::size_t slots_of_one = count_slots() + kSlotsOfSum * sum_slots();
  const std::size_t slots = slots_of_one * (part_values.size() + 1);
  if (slots > kMostQualitySlots) {
    throw resource_exhausted(part_values.size() + 1, " parts have ", slots,
                             " counts together, at most ", kMostQualitySlots);
  }
  if (!(minimum > 0 && minimum <= 1)) {
    throw invalid_argument("minimum = ", minimum, " is not above 0 and at most 1");
  }
  if (!(alpha > 0 && alpha < 1)) {
    throw invalid_argument("alpha = ", alpha, " is not between 0 and 1");
  }
  if (kind != QualityKind::kFairness) return;
  if (part_values.size() < 2 || part_values.size() > kMostGroups) {
    throw invalid_argument("groups: ", part_values.size(), " are not from 2 to ", kMostGroups);
  }
  if (!reference.empty() &&
      std::find(part_values.begin(), part_values.end(), reference) == part_values.end()) {
    throw invalid_argument("reference = \"", reference, "\" is not one of the groups");
  }
}

std::size_t QualitySpec::count_slots() const noexcept {
  switch (kind) {
    case QualityKind::kBinary:
      return kBinaryCounts;
    case QualityKind::kClasses:
      return class_slot(classes.size(), classes.size(), classes.size()) + 1;
    case QualityKind::kRegression:
      return kRegressionCounts;
    case QualityKind::kCalibration:
      return kBinRows + std::size_t{2} * bins;
    case QualityKind::kEstimate:
      return kEstimateCounts;
    case QualityKind::kFairness:
      return kFairnessCounts;
  }
  return 0;
}

std::size_t QualitySpec::sum_slots() const noexcept {
  const std::size_t per_weight = weight.empty() ? 0 : 1;
  switch (kind) {
    case QualityKind::kBinary:
      return kBinarySums + per_weight * kOutcomeSums;
    case QualityKind::kRegression:
      return kRegressionSums + quantiles.size() + per_weight * kNumberWeights;
    case QualityKind::kCalibration:
      return kSumsOfBin * bins;
    case QualityKind::kEstimate:
      return kEstimateSums;
    case QualityKind::kClasses:
      return (probabilities.empty() ? 0 : std::size_t{kClassSums}) +
             per_weight * (classes.size() + 1) * (classes.size() + 1);
    case QualityKind::kFairness:
      return 0;
  }
  return 0;
}

void QualitySpec::write(ByteWriter& out) const {
  out.write(static_cast<std::uint8_t>(kind));
  out.write_string(target);
  out.write_string(prediction);
  out.write(threshold);
  out.write_varint(bins);
  write_names(out, classes);
  out.write_varint(quantiles.size());
  for (const double quantile : quantiles) out.write(quantile);
  out.write_string(part_column);
  write_names(out, part_values);
  out.write(minimum);
  out.write(alpha);
  out.write_string(reference);
  if (version() == 1) return;
  write_names(out, probabilities);
  out.write_string(weight);
}

QualitySpec QualitySpec::read(ByteReader& in, std::uint32_t version) {
  QualitySpec spec;
  const auto kind = in.read<std::uint8_t>();
  if (kind > static_cast<std::uint8_t>(QualityKind::kFairness)) {
    throw corrupt_data(in.section(), ": kind ", int{kind}, " is not known");
  }
  spec.kind = static_cast<QualityKind>(kind);
  spec.target = in.read_string();
  spec.prediction = in.read_string();
  spec.threshold = in.read<double>();
  const std::uint64_t bins = in.read_varint();
  spec.bins = static_cast<std::uint32_t>(std::min<std::uint64_t>(bins, kMostReliabilityBins + 1));
  spec.classes = read_names(in);
  const std::uint64_t quantiles = in.read_varint();
  for (std::uint64_t i = 0; i < quantiles; ++i) spec.quantiles.push_back(in.read<double>());
  spec.part_column = in.read_string();
  spec.part_values = read_names(in);
  spec.minimum = in.read<double>();
  spec.alpha = in.read<double>();
  spec.reference = in.read_string();
  if (version > 1) {
    spec.probabilities = read_names(in);
    spec.weight = in.read_string();
  }
  try {
    spec.check();
  } catch (const Error& error) {
    throw corrupt_data(in.section(), ": ", error.what());
  }
  return spec;
}

}  // namespace kedge

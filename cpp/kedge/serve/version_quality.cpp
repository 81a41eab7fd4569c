#include "kedge/serve/version_quality.h"

#include <algorithm>
#include <vector>

#include "kedge/base/text.h"
#include "kedge/quality/curves.h"
#include "kedge/quality/row_values.h"
#include "kedge/serve/metric_text.h"

namespace kedge {
namespace {

RowValues rows_of(const LabelledRequest& request) {
  RowValues rows;
  rows.length = request.labels.size();
  const AnswerKind kind = request.prediction.kind;
  if (kind.kind != QualityKind::kClasses) {
    rows.targets = request.labels;
    rows.predictions = request.prediction.rows;
    std::ranges::replace_if(
        rows.predictions, [&](double one) { return !kind.is_counted(one); }, kMissingValue);
    return rows;
  }
  rows.target_classes.reserve(rows.length);
  rows.predicted_classes.reserve(rows.length);
  for (std::size_t i = 0; i < rows.length; ++i) {
    rows.target_classes.push_back(static_cast<std::uint32_t>(request.labels[i]));
    rows.predicted_classes.push_back(static_cast<std::uint32_t>(request.prediction.rows[i]));
  }
  return rows;
}

std::uint64_t sum_of(std::span<const std::uint64_t> counts) {
  std::uint64_t sum = 0;
  for (const std::uint64_t count : counts) sum += count;
  return sum;
}

struct Losses {
  std::uint64_t rows = 0;  // that count: those without a prediction do not
  std::vector<std::pair<std::string_view, double>> sums;
};

Losses losses_of(AnswerKind kind, const Tally& tally) {
  const std::span<const std::uint64_t> counts(tally.counts);
  Losses out;
  if (kind.kind == QualityKind::kBinary) {
    const auto outcomes = counts.subspan(kOutcomes, 4);
    out.rows = sum_of(outcomes);
    out.sums = {{"wrong", static_cast<double>(outcomes[1] + outcomes[2])},
                {"log", tally.sums[kLogLoss].value()},
                {"brier", tally.sums[kSquaredDistance].value()}};
  } else if (kind.kind == QualityKind::kClasses) {
    out.rows = sum_of(counts.subspan(kCommonCounts));
    std::uint64_t right = 0;
    for (std::size_t i = 0; i < kind.classes; ++i) right += counts[class_slot(kind.classes, i, i)];
    out.sums = {{"wrong", static_cast<double>(out.rows - right)}};
  } else {
    out.rows = counts[kNumberRows];
    out.sums = {{"absolute", tally.sums[kAbsoluteError].value()},
                {"squared", tally.sums[kSquaredError].value()}};
  }
  return out;
}

}  // namespace

void VersionQuality::add(const LabelsRecord& record) {
  const std::lock_guard guard(lock_);
  for (const LabelledRequest& request : record.requests) {
    const AnswerKind kind = request.prediction.kind;
    const Key key(record.model, request.prediction.version);
    auto found = versions_.find(key);
    if (found != versions_.end() && found->second.kind != kind) {
      versions_.erase(found);
      found = versions_.end();
    }
    if (found == versions_.end()) {
      found = versions_.emplace(key, Counted{kind, QualityCounts(kind.spec())}).first;
    }
    found->second.counts.count(rows_of(request));
  }
}

std::vector<QualityRecord> VersionQuality::records() const {
  const std::lock_guard guard(lock_);
  std::vector<QualityRecord> out;
  out.reserve(versions_.size());
  for (const auto& [key, counted] : versions_) {
    out.push_back({key.first, key.second, counted.kind, counted.counts});
  }
  return out;
}

void VersionQuality::restore(const QualityRecord& record) {
  const std::lock_guard guard(lock_);
  versions_.insert_or_assign({record.model, record.version}, Counted{record.kind, record.counts});
}

void VersionQuality::expose(std::string& out) const {
  const std::lock_guard guard(lock_);
  if (versions_.empty()) return;
  std::string rows;
  std::string losses;
  std::string areas;
  for (const auto& [key, counted] : versions_) {
    const std::string labels = model_labels(key.first, key.second);
    const Tally tally = counted.counts.total();
    const Losses found = losses_of(counted.kind, tally);
    rows += text("kedge_feedback_rows_total{", labels, "} ", found.rows, "\n");
    if (found.rows == 0) continue;
    for (const auto& [name, sum] : found.sums) {
      losses += text("kedge_quality_loss{", labels, ",loss=\"", name, "\"} ",
                     sum / static_cast<double>(found.rows), "\n");
    }
    if (counted.kind.kind != QualityKind::kBinary) continue;
    const double area = areas_of(tally).roc.value;
    if (area == area) areas += text("kedge_quality_auc{", labels, "} ", area, "\n");
  }
  add_family("kedge_feedback_rows_total", "counter", "Rows whose labels came.", out);
  out += rows;
  add_family("kedge_quality_loss", "gauge", "The mean over them.", out);
  out += losses;
  add_family("kedge_quality_auc", "gauge", "Area under the ROC curve.", out);
  out += areas;
}

}  // namespace kedge

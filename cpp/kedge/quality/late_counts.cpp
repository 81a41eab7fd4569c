#include "kedge/quality/late_counts.h"

#include <algorithm>

#include "kedge/arrow/check.h"
#include "kedge/arrow/flatten.h"
#include "kedge/arrow/numeric.h"
#include "kedge/base/error.h"
#include "kedge/quality/row_values.h"
#include "kedge/sketch/name_reader.h"

namespace kedge {
namespace {

// Gaps are closed when they make the queue this many times as long as what may wait.
constexpr std::size_t kLongest = 2;

// Empty where there is none; a name of no bytes is no id.
std::vector<std::string> ids_of(const Batch& batch, const std::string& name) {
  const std::size_t i = find_column(*batch.schema, name);
  const Type& type = batch.field(i).type;
  if (!NameReader::takes(type)) {
    throw unsupported("column \"", name, "\": ", type_name(type), " has no ids");
  }
  const Column& column = batch.columns[i];
  in_column(name, [&] { check_column(column); });
  std::vector<std::string> ids(column.length);
  for (std::size_t row = 0; row < column.length; ++row) {
    const bool is_empty_entry = column.dictionary && !column.is_null(row) &&
                                column.dictionary->is_null(entry_at(column, row));
    if (column.is_null(row) || is_empty_entry) continue;
    ids[row] = name_at(column, row);
    if (ids[row].size() <= kMostIdBytes) continue;
    throw invalid_argument("column \"", name, "\": the id in row ", row, " has ", ids[row].size(),
                           " bytes, at most ", kMostIdBytes);
  }
  return ids;
}

struct Times {
  std::vector<std::int64_t> values;
  const Column* column = nullptr;
};

Times times_of(const Batch& batch, const std::string& name) {
  const std::size_t i = find_column(*batch.schema, name);
  if (!is_integral(batch.field(i).type) || batch.field(i).type.id == TypeId::kBool) {
    throw unsupported("column \"", name, "\": ", type_name(batch.field(i).type), " has no times");
  }
  Times times{std::vector<std::int64_t>(batch.length), &batch.columns[i]};
  read_integers(batch.columns[i], 0, batch.length, times.values.data());
  return times;
}

}  // namespace

const QualityCounts& LateCounts::counts() const noexcept {
  const auto* plain = std::get_if<QualityCounts>(&counter_);
  if (plain != nullptr) return *plain;
  return std::get_if<Calibration>(&counter_)->counts();
}

LateCounts::LateCounts(LateCounter counter, LateSpec spec)
    : counter_(std::move(counter)), spec_(std::move(spec)) {
  if (counts().spec().target.empty()) throw invalid_argument("no column of targets is named");
  if (spec_.id.empty()) throw invalid_argument("no column of ids is named");
  if (spec_.most_waiting < 1 || spec_.most_waiting > kMostWaiting) {
    throw invalid_argument("most_waiting = ", spec_.most_waiting, " is not from 1 to ",
                           kMostWaiting);
  }
  if (!spec_.time.empty() && spec_.horizon < 1) {
    throw invalid_argument("horizon = ", spec_.horizon, " is not above 0");
  }
}

bool LateCounts::still_waits(std::uint64_t place) const {
  const auto found = places_.find(rows_[static_cast<std::size_t>(place - first_)].id);
  return found != places_.end() && found->second == place;
}

void LateCounts::wait(Waiting row) {
  const std::uint64_t place = first_ + rows_.size();
  const auto [at, is_fresh] = places_.try_emplace(row.id, place);
  if (!is_fresh) {
    ++replaced_;
    at->second = place;
  }
  if (!spec_.time.empty()) now_ = std::max(now_.value_or(row.time), row.time);
  rows_.push_back(std::move(row));
  let_go();
}

// Times may be of any size, so that their difference is taken without a sign.
bool LateCounts::is_old(const Waiting& row) const noexcept {
  return now_ && static_cast<std::uint64_t>(*now_) - static_cast<std::uint64_t>(row.time) >
                     static_cast<std::uint64_t>(spec_.horizon);
}

// In the order in which they came: one behind a newer one is seen to be old when its label comes.
void LateCounts::let_go() {
  while (!rows_.empty()) {
    const Waiting& oldest = rows_.front();
    if (still_waits(first_)) {
      if (!is_old(oldest) && places_.size() <= spec_.most_waiting) break;
      ++never_came_;
      places_.erase(oldest.id);
    }
    rows_.pop_front();
    ++first_;
  }
  if (rows_.size() > kLongest * spec_.most_waiting) close_gaps();
}

void LateCounts::close_gaps() {
  std::deque<Waiting> waiting;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (!still_waits(first_ + i)) continue;
    places_[rows_[i].id] = first_ + waiting.size();
    waiting.push_back(std::move(rows_[i]));
  }
  rows_ = std::move(waiting);
}

void LateCounts::predict(const Batch& batch) {
  const Batch flat = flatten(batch);
  const std::vector<std::string> ids = ids_of(flat, spec_.id);
  const RowValues rows = counts().read_predictions(flat);
  Times times;
  if (!spec_.time.empty()) times = times_of(flat, spec_.time);
  for (std::size_t row = 0; row < flat.length; ++row) {
    if (ids[row].empty() || (times.column != nullptr && times.column->is_null(row))) {
      ++incomplete_;
      continue;
    }
    Waiting waiting;
    waiting.id = ids[row];
    if (!rows.predictions.empty()) waiting.prediction = rows.predictions[row];
    if (!rows.predicted_classes.empty()) waiting.predicted_class = rows.predicted_classes[row];
    if (!rows.probabilities.empty()) {
      const std::size_t classes = counts().spec().classes.size();
      const double* shares = rows.probabilities.data() + row * classes;
      waiting.probabilities.assign(shares, shares + classes);
    }
    if (!rows.weights.empty()) waiting.weight = rows.weights[row];
    if (!rows.parts.empty()) waiting.part = rows.parts[row];
    if (times.column != nullptr) waiting.time = times.values[row];
    wait(std::move(waiting));
  }
}

void LateCounts::observe(const Batch& batch) {
  const Batch flat = flatten(batch);
  const std::vector<std::string> ids = ids_of(flat, spec_.id);
  const RowValues labels = counts().read_targets(flat);
  RowValues joined;
  for (std::size_t row = 0; row < flat.length; ++row) {
    if (ids[row].empty() || counts().is_target_missing(labels, row)) {
      ++incomplete_;
      continue;
    }
    const auto found = places_.find(ids[row]);
    if (found == places_.end()) {
      ++unmatched_;
      continue;
    }
    const Waiting& waiting = rows_[static_cast<std::size_t>(found->second - first_)];
    if (is_old(waiting)) {
      ++never_came_;
      ++unmatched_;
      places_.erase(found);
      continue;
    }
    if (!labels.targets.empty()) joined.targets.push_back(labels.targets[row]);
    if (!labels.target_classes.empty()) joined.target_classes.push_back(labels.target_classes[row]);
    joined.predictions.push_back(waiting.prediction);
    joined.predicted_classes.push_back(waiting.predicted_class);
    joined.probabilities.insert(joined.probabilities.end(), waiting.probabilities.begin(),
                                waiting.probabilities.end());
    joined.weights.push_back(waiting.weight);
    joined.parts.push_back(waiting.part);
    places_.erase(found);
    ++joined_;
  }
  joined.length = joined.parts.size();
  std::visit([&](auto& counter) { counter.count(joined); }, counter_);
  let_go();
}

}  // namespace kedge

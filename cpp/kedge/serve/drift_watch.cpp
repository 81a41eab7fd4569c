#include "kedge/serve/drift_watch.h"

#include <algorithm>
#include <cmath>

#include "kedge/base/error.h"
#include "kedge/drift/bracket.h"
#include "kedge/drift/column_drift.h"
#include "kedge/drift/sampling.h"

namespace kedge {
namespace {

constexpr double kMostSeconds = 1e9;
constexpr double kError = 1 - 0.99;  // of the distances of all columns together

void check_between(std::string_view name, double value, double least, double most) {
  if (value >= least && value <= most) return;
  throw invalid_argument("drift: ", name, " = ", value, ", allowed are ", least, " to ", most);
}

MonitorOptions monitor_options(const DriftOptions& options) {
  MonitorOptions out;
  out.min_effect = options.min_effect;
  out.false_alarms = options.false_alarms;
  out.clocked = true;
  out.window = {options.window_s, true, true};
  return out;
}

struct Distance {
  double lower;
  Known populations;
};

// What column_drift says of it, without its tests, of which some take a millisecond a column.
Distance distance_of(const ColumnProfile& then, const ColumnProfile& now, double alpha) {
  const auto* const numbers = std::get_if<Histogram>(&then.counts);
  if (numbers == nullptr) {
    const ColumnDrift drift = column_drift(then, now, alpha, 0);
    return {drift.lower, {drift.at_least, drift.at_most}};
  }
  const Bracket bracket = ks_bracket(*numbers, std::get<Histogram>(now.counts));
  const std::uint64_t n = then.value_count();
  const std::uint64_t m = now.value_count();
  if (n == 0 && m == 0) return {bracket.lower, {0, 0}};
  if (n == 0 || m == 0) return {bracket.lower, {0, 1}};
  const double error =
      share_error(n, alpha / kColumnBounds) + share_error(m, alpha / kColumnBounds);
  return {bracket.lower, widened(bracket.lower, bracket.upper, error)};
}

}  // namespace

void DriftOptions::check() const {
  constexpr double kLeastEvery = 0.01;
  check_between("every_s", every_s, every_s == 0 ? 0 : kLeastEvery, 3600);
  check_between("min_effect", min_effect, 0, 0.999);
  check_between("false_alarms", false_alarms, 1e-100, 1);
  check_between("window", window_s, 1, kMostSeconds);
}

std::shared_ptr<DriftWatch> DriftWatch::of(const Model& model, const DriftOptions& options) {
  if (options.every_s == 0 || model.bundle().profile.empty()) return nullptr;
  auto watch = std::make_shared<DriftWatch>(model, options);
  return watch->cells_.reference().columns().empty() ? nullptr : watch;
}

DriftWatch::DriftWatch(const Model& model, const DriftOptions& options)
    : options_(options),
      cells_(model),
      last_(std::chrono::steady_clock::now()),
      alarms_(cells_.reference().columns().size()),
      state_(std::make_unique<const DriftState>()) {}

std::vector<Alarm> DriftWatch::look() {
  const Profile rows = cells_.take();
  if (rows.row_count() == 0) return {};
  if (!monitor_) monitor_.emplace(cells_.reference(), monitor_options(options_));
  const auto now = std::chrono::steady_clock::now();
  const std::chrono::duration<double> elapsed = now - last_;
  last_ = now;
  constexpr double kTick = 1e-9;
  std::vector<Alarm> alarms = monitor_->update(rows, std::max(elapsed.count(), kTick));
  const auto& columns = cells_.reference().columns();
  for (const Alarm& alarm : alarms) {
    const auto column = std::ranges::find(columns, alarm.column, &ColumnProfile::name);
    ++alarms_[static_cast<std::size_t>(column - columns.begin())];
  }
  publish();
  return alarms;
}

void DriftWatch::publish() {
  auto next = std::make_unique<DriftState>();
  const Profile& window = *monitor_->newest_rows();
  next->rows = monitor_->counted().row_count();
  next->window_rows = window.row_count();
  next->missed = cells_.missed();
  const std::vector<ColumnProfile>& columns = monitor_->reference().columns();
  next->columns.reserve(columns.size());
  const double alpha = kError / static_cast<double>(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const WatchedColumn& watched = monitor_->watched()[i];
    const Distance found = distance_of(columns[i], window.columns()[i], alpha);
    next->columns.push_back({columns[i].name, found.lower, found.populations.at_least,
                             found.populations.at_most, watched.monitor.log_evidence(),
                             monitor_->log_threshold(watched), alarms_[i]});
  }
  state_.publish(std::move(next));
}

}  // namespace kedge

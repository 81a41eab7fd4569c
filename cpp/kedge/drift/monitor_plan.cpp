#include "kedge/drift/monitor_plan.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kedge/arrow/build.h"
#include "kedge/base/error.h"
#include "kedge/base/math.h"

namespace kedge {
namespace {

double middle_of(const Known& known) { return (known.at_least + known.at_most) / 2; }

// The event whose chance is nearest to one half: the hardest to see a change of.
const Event* hardest_event(const ColumnMonitor& monitor) {
  const std::span<const Event> events = monitor.tallies().events();
  const auto off = [](const Event& event) { return std::fabs(middle_of(event.reference) - 0.5); };
  const auto found =
      std::min_element(events.begin(), events.end(),
                       [&](const Event& a, const Event& b) { return off(a) < off(b); });
  return found == events.end() ? nullptr : &*found;
}

void set_rows(const WatchedColumn& watched, double log_threshold, std::uint32_t group, double shift,
              ColumnPlan& plan) {
  const ColumnMonitor& monitor = watched.monitor;
  const Event* event = hardest_event(monitor);
  if (event == nullptr) return;
  const double chance =
      static_cast<double>(monitor.reference_tallies()[event->hits]) /
      static_cast<double>(std::max<std::uint64_t>(1, monitor.reference_tallies()[event->rows]));
  for (std::size_t i = 0; i < monitor.questions().size(); ++i) {
    const Question& question = monitor.questions()[i];
    if (&monitor.tallies().events()[question.event] != event) continue;
    const double now = (question.rises ? chance : 1 - chance) + shift;
    plan.tolerance = std::max(plan.tolerance, question.boundary - now + shift);
    const double growth = question.ratio.log_growth(std::min(1.0, now));
    if (growth <= 0) continue;
    const double needed = log_threshold - monitor.log_share(i);
    plan.rows = std::min(plan.rows, std::ceil(needed / growth) * group);
  }
}

}  // namespace

std::vector<ColumnPlan> plan_of(const Monitor& monitor, double shift) {
  if (!(shift > 0 && shift < 1)) {
    throw invalid_argument("shift = ", shift, " is not between 0 and 1");
  }
  std::vector<ColumnPlan> plans;
  plans.reserve(monitor.watched().size());
  for (const WatchedColumn& watched : monitor.watched()) {
    ColumnPlan plan;
    const Alarm name = monitor.named(watched);
    plan.column = name.column;
    plan.by = name.by;
    plan.slice = name.slice;
    plan.rows = std::numeric_limits<double>::infinity();
    set_rows(watched, monitor.log_threshold(watched), monitor.options().group, shift, plan);
    plans.push_back(std::move(plan));
  }
  return plans;
}

Batch to_batch(const std::vector<ColumnPlan>& rows) {
  BatchBuilder batch;
  const auto add = [&]<class Value>(const char* name, Value ColumnPlan::* member) {
    std::vector<Value> values;
    values.reserve(rows.size());
    for (const ColumnPlan& row : rows) values.push_back(row.*member);
    batch.add(name, values);
  };
  add("column", &ColumnPlan::column);
  add("by", &ColumnPlan::by);
  add("slice", &ColumnPlan::slice);
  add("tolerance", &ColumnPlan::tolerance);
  add("rows", &ColumnPlan::rows);
  return batch.finish();
}

}  // namespace kedge

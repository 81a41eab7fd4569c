#include "kedge/drift/compare.h"

#include <algorithm>
#include <cmath>

#include "kedge/arrow/build.h"
#include "kedge/base/error.h"
#include "kedge/base/math.h"
#include "kedge/drift/ks_pvalue.h"

namespace kedge {
namespace {

// P(sup |F_n - F| > e) <= 2 exp(-2 n e^2); Massart 1990.
double sampling_error(std::uint64_t rows, double alpha) {
  return std::sqrt(log_of(2 / alpha) / (2 * static_cast<double>(rows)));
}

double null_share(const Histogram& histogram) {
  if (histogram.row_count() == 0) return 0;
  return static_cast<double>(histogram.null_count() + histogram.nan_count()) /
         static_cast<double>(histogram.row_count());
}

void locate(const Histogram& reference, const Histogram& current, ColumnDrift& drift) {
  const Interval interval = changed_interval(reference, current);
  const CellMap& map = reference.map();
  constexpr double kInfinity = __builtin_inf();
  drift.reference_share = interval.reference_share;
  drift.current_share = interval.current_share;
  const auto bound = [&](std::uint32_t slot) {
    if (slot <= 1) return -kInfinity;
    return slot > map.cells() ? kInfinity : map.lower_bound(slot - 1);
  };
  drift.low = bound(interval.first_slot);
  drift.high = bound(interval.last_slot + 1);
  const bool one_point = interval.first_slot == interval.last_slot && interval.first_slot > 0 &&
                         interval.first_slot <= map.cells() &&
                         map.is_point(interval.first_slot - 1);
  if (one_point) drift.high = drift.low;
}

}  // namespace

std::vector<ColumnDrift> compare(const Profile& reference, const Profile& current,
                                 const CompareOptions& options) {
  if (!(options.confidence > 0 && options.confidence < 1)) {
    throw invalid_argument("confidence = ", options.confidence, " is not between 0 and 1");
  }
  if (!(options.min_effect >= 0 && options.min_effect < 1)) {
    throw invalid_argument("min_effect = ", options.min_effect, " is not from 0 to below 1");
  }
  const double alpha =
      (1 - options.confidence) /
      (2 * static_cast<double>(std::max<std::size_t>(1, reference.columns().size())));
  std::vector<ColumnDrift> rows;
  for (const ColumnProfile& column : reference.columns()) {
    const Histogram& then = column.histogram;
    const Histogram& now = current.column(column.name).histogram;
    if (!then.same_map(now)) {
      throw invalid_argument("column \"", column.name,
                             "\": the profiles have different cells; fill reference.like()");
    }
    ColumnDrift drift;
    drift.name = column.name;
    drift.reference_rows = then.value_count();
    drift.current_rows = now.value_count();
    drift.reference_null_share = null_share(then);
    drift.current_null_share = null_share(now);
    const Bracket bracket = ks_bracket(then, now);
    drift.lower = bracket.lower;
    drift.upper = bracket.upper;
    if (drift.reference_rows > 0 && drift.current_rows > 0) {
      drift.pvalue =
          ks_two_sample_pvalue(static_cast<std::int64_t>(drift.reference_rows),
                               static_cast<std::int64_t>(drift.current_rows), drift.lower);
      drift.at_least = std::max(0.0, drift.lower - sampling_error(drift.reference_rows, alpha) -
                                         sampling_error(drift.current_rows, alpha));
      locate(then, now, drift);
    }
    drift.drifted = drift.at_least > options.min_effect;
    rows.push_back(std::move(drift));
  }
  return rows;
}

Batch to_batch(const std::vector<ColumnDrift>& rows) {
  BatchBuilder batch;
  const auto add = [&]<class Value>(const char* name, Value ColumnDrift::* member) {
    std::vector<Value> values;
    values.reserve(rows.size());
    for (const ColumnDrift& row : rows) values.push_back(row.*member);
    batch.add(name, values);
  };
  add("column", &ColumnDrift::name);
  add("reference_rows", &ColumnDrift::reference_rows);
  add("current_rows", &ColumnDrift::current_rows);
  add("lower", &ColumnDrift::lower);
  add("upper", &ColumnDrift::upper);
  add("pvalue", &ColumnDrift::pvalue);
  add("at_least", &ColumnDrift::at_least);
  add("drifted", &ColumnDrift::drifted);
  add("reference_null_share", &ColumnDrift::reference_null_share);
  add("current_null_share", &ColumnDrift::current_null_share);
  add("low", &ColumnDrift::low);
  add("high", &ColumnDrift::high);
  add("reference_share", &ColumnDrift::reference_share);
  add("current_share", &ColumnDrift::current_share);
  return batch.finish();
}

}  // namespace kedge

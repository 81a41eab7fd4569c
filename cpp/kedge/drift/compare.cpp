#include "kedge/drift/compare.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kedge/arrow/build.h"
#include "kedge/base/error.h"
#include "kedge/base/math.h"
#include "kedge/drift/kolmogorov.h"
#include "kedge/drift/ks_pvalue.h"

namespace kedge {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

// P(sup |F_n - F| > e) <= 2 exp(-2 n e^2); Massart 1990.
double sampling_error(std::uint64_t rows, double alpha) {
  return std::sqrt(log_of(2 / alpha) / (2 * static_cast<double>(rows)));
}

// Where two different sizes make the exact p-value costly (20 ms for 10 000 and 9 999 values), that
// of the finite-size distribution: nothing is decided on this number.
double pvalue_at(std::uint64_t n, std::uint64_t m, double distance) {
  constexpr double kMostPairs = 0x1p20;
  const auto rows = static_cast<double>(n);
  const auto others = static_cast<double>(m);
  if (n == m || rows * others <= kMostPairs) {
    return ks_two_sample_pvalue(static_cast<std::int64_t>(n), static_cast<std::int64_t>(m),
                                distance);
  }
  const double size = rows * others / (rows + others);
  return kolmogorov_sf(static_cast<std::int64_t>(std::max(1.0, size + 0.5)), distance);
}

struct Range {
  double least;
  double most;
};

// What is known of a population quantity between 0 and 1 when the sample's is between two bounds.
Range widened(double lower, double upper, double error) {
  return {std::max(0.0, lower - error), std::min(1.0, upper + error)};
}

double null_share(const Histogram& histogram) {
  if (histogram.row_count() == 0) return 0;
  return static_cast<double>(histogram.null_count() + histogram.nan_count()) /
         static_cast<double>(histogram.row_count());
}

double lowest_in(const CellMap& map, std::uint32_t slot) {
  if (slot <= 1) return -kInfinity;
  return slot > map.cells() ? kInfinity : map.lower_bound(slot - 1);
}

double highest_in(const CellMap& map, std::uint32_t slot) {
  if (slot == minus_inf_slot()) return -kInfinity;
  return slot >= map.cells() ? kInfinity : map.upper_bound(slot - 1);
}

void locate(const Histogram& reference, const Histogram& current, ColumnDrift& drift) {
  const Interval interval = changed_interval(reference, current);
  const bool changed = interval.reference_share != interval.current_share;
  drift.reference_share = interval.reference_share;
  drift.current_share = interval.current_share;
  drift.low = changed ? lowest_in(reference.map(), interval.first_slot) : kNothing;
  drift.high = changed ? highest_in(reference.map(), interval.last_slot) : kNothing;
}

std::string verdict_of(const ColumnDrift& drift, double min_effect) {
  if (drift.at_least > min_effect || drift.null_at_least > min_effect) return "yes";
  const bool is_small = drift.at_most <= min_effect && drift.null_at_most <= min_effect;
  return is_small ? "no" : "not yet known";
}

void check_options(const CompareOptions& options) {
  if (!(options.confidence > 0 && options.confidence < 1)) {
    throw invalid_argument("confidence = ", options.confidence, " is not between 0 and 1");
  }
  if (!(options.min_effect >= 0 && options.min_effect < 1)) {
    throw invalid_argument("min_effect = ", options.min_effect, " is not from 0 to below 1");
  }
}

ColumnDrift compare_column(const std::string& name, const Histogram& then, const Histogram& now,
                           double alpha, double min_effect) {
  if (!then.same_map(now)) {
    throw invalid_argument("column \"", name,
                           "\": the profiles have different cells; fill reference.like()");
  }
  ColumnDrift drift;
  drift.name = name;
  drift.low = drift.high = kNothing;
  drift.reference_rows = then.value_count();
  drift.current_rows = now.value_count();
  drift.reference_null_share = null_share(then);
  drift.current_null_share = null_share(now);
  const Bracket bracket = ks_bracket(then, now);
  drift.lower = bracket.lower;
  drift.upper = bracket.upper;
  if (drift.reference_rows > 0 && drift.current_rows > 0) {
    drift.pvalue = pvalue_at(drift.reference_rows, drift.current_rows, drift.lower);
    const double error =
        sampling_error(drift.reference_rows, alpha) + sampling_error(drift.current_rows, alpha);
    const Range distance = widened(drift.lower, drift.upper, error);
    drift.at_least = distance.least;
    drift.at_most = distance.most;
    locate(then, now, drift);
  }
  if (then.row_count() > 0 && now.row_count() > 0) {
    const double moved = std::fabs(drift.reference_null_share - drift.current_null_share);
    const double error =
        sampling_error(then.row_count(), alpha) + sampling_error(now.row_count(), alpha);
    const Range change = widened(moved, moved, error);
    drift.null_at_least = change.least;
    drift.null_at_most = change.most;
  }
  drift.verdict = verdict_of(drift, min_effect);
  return drift;
}

}  // namespace

std::vector<ColumnDrift> compare(const Profile& reference, const Profile& current,
                                 const CompareOptions& options) {
  check_options(options);
  constexpr double kBoundsPerColumn = 4;  // distance and null share, of two samples each
  const double alpha = (1 - options.confidence) /
                       (kBoundsPerColumn *
                        static_cast<double>(std::max<std::size_t>(1, reference.columns().size())));
  std::vector<ColumnDrift> rows;
  for (const ColumnProfile& column : reference.columns()) {
    rows.push_back(compare_column(column.name, column.histogram,
                                  current.column(column.name).histogram, alpha,
                                  options.min_effect));
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
  add("at_most", &ColumnDrift::at_most);
  add("reference_null_share", &ColumnDrift::reference_null_share);
  add("current_null_share", &ColumnDrift::current_null_share);
  add("null_at_least", &ColumnDrift::null_at_least);
  add("null_at_most", &ColumnDrift::null_at_most);
  add("verdict", &ColumnDrift::verdict);
  add("low", &ColumnDrift::low);
  add("high", &ColumnDrift::high);
  add("reference_share", &ColumnDrift::reference_share);
  add("current_share", &ColumnDrift::current_share);
  return batch.finish();
}

}  // namespace kedge

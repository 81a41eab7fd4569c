#include "kedge/drift/principal.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "kedge/arrow/flatten.h"
#include "kedge/arrow/numeric.h"
#include "kedge/base/error.h"
#include "kedge/drift/bracket.h"
#include "kedge/drift/classifier.h"
#include "kedge/drift/eigen.h"
#include "kedge/sketch/cell_fit.h"

namespace kedge {
namespace {

using Rows = RowBuffer<double>;
using Vectors = std::vector<std::vector<double>>;

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kMostRows = 32768;
constexpr std::uint32_t kErrorCells = 1024;

Profile numbers_of(const Profile& profile) {
  Profile numbers;
  for (const ColumnProfile& column : profile.columns()) {
    if (std::holds_alternative<Histogram>(column.counts)) numbers.add_column(column.like());
  }
  return numbers;
}

// How a column's values become numbers of mean 0 and variance 1 over the learned rows.
struct Scale {
  std::size_t column = 0;
  double low = 0;
  double high = 0;
  double mean = 0;
  double deviation = 0;

  // From -1 to 1. Halves first: the range may be wider than the largest double.
  double held(double value) const noexcept {
    const double half = high / 2 - low / 2;
    const double held = std::min(std::max(value, low), high);
    return (held / 2 - (low / 4 + high / 4)) / half * 2;
  }
  double of(double value) const noexcept {
    return std::isnan(value) ? 0 : (held(value) - mean) / deviation;
  }
};

Scale scale_of(std::size_t column, std::vector<double> values) {
  constexpr std::size_t kTail = 200;  // a half percent at either end
  Scale scale;
  scale.column = column;
  std::erase_if(values, [](double value) { return std::isnan(value); });
  if (values.empty()) return scale;
  std::sort(values.begin(), values.end());
  const double most = std::numeric_limits<double>::max();
  const std::size_t tail = values.size() / kTail;
  scale.low = std::max(values[tail], -most);
  scale.high = std::min(values[values.size() - 1 - tail], most);
  // A range of denormals has no half.
  if (!(scale.high / 4 - scale.low / 4 >= std::numeric_limits<double>::min())) return scale;
  const auto rows = static_cast<double>(values.size());
  for (const double value : values) scale.mean += scale.held(value) / rows;
  double variance = 0;
  for (const double value : values) {
    const double off = scale.held(value) - scale.mean;
    variance += off * off / rows;
  }
  scale.deviation = std::sqrt(variance);
  return scale;
}

std::vector<std::size_t> rows_of(const Rows& rows, bool learned) {
  std::vector<std::size_t> chosen;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (rows.is_learned(row) == learned) chosen.push_back(row);
  }
  return chosen;
}

std::vector<Scale> scales_of(const Rows& rows, const std::vector<std::size_t>& learned,
                             std::size_t columns) {
  std::vector<Scale> scales;
  for (std::size_t i = 0; i < columns; ++i) {
    std::vector<double> values;
    values.reserve(learned.size());
    for (const std::size_t row : learned) values.push_back(rows.column(i)[row]);
    const Scale scale = scale_of(i, std::move(values));
    if (scale.deviation > 0) scales.push_back(scale);
  }
  return scales;
}

void standardise(const Rows& rows, std::size_t row, const std::vector<Scale>& scales,
                 std::vector<double>& out) noexcept {
  for (std::size_t i = 0; i < scales.size(); ++i) {
    out[i] = scales[i].of(rows.column(scales[i].column)[row]);
  }
}

Vectors covariance_of(const Rows& rows, const std::vector<std::size_t>& learned,
                      const std::vector<Scale>& scales) {
  const std::size_t columns = scales.size();
  Vectors sums(columns, std::vector<double>(columns));
  std::vector<double> values(columns);
  for (const std::size_t row : learned) {
    standardise(rows, row, scales, values);
    for (std::size_t i = 0; i < columns; ++i) {
      double* sum = sums[i].data();
      for (std::size_t j = 0; j <= i; ++j) sum[j] += values[i] * values[j];
    }
  }
  for (std::size_t i = 0; i < columns; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      sums[i][j] /= static_cast<double>(learned.size());
      sums[j][i] = sums[i][j];
    }
  }
  return sums;
}

struct Components {
  std::size_t kept = 0;
  double explained = 0;
  Vectors dropped;  // the directions whose part in a row is its error
};

Components components_of(Eigen eigen, double explained) {
  double total = 0;
  for (const double value : eigen.values) total += std::max(0.0, value);
  Components components;
  double seen = 0;
  while (components.kept + 1 < eigen.values.size() && !(seen >= explained * total)) {
    seen += std::max(0.0, eigen.values[components.kept++]);
  }
  components.explained = seen / total;
  components.dropped.assign(eigen.vectors.begin() + static_cast<std::ptrdiff_t>(components.kept),
                            eigen.vectors.end());
  return components;
}

std::vector<double> errors_of(const Rows& rows, const std::vector<std::size_t>& chosen,
                              const std::vector<Scale>& scales, const Components& components) {
  std::vector<double> errors;
  std::vector<double> values(scales.size());
  for (const std::size_t row : chosen) {
    standardise(rows, row, scales, values);
    double error = 0;
    for (const std::vector<double>& direction : components.dropped) {
      double part = 0;
      for (std::size_t i = 0; i < values.size(); ++i) part += direction[i] * values[i];
      error += part * part;
    }
    errors.push_back(error / static_cast<double>(scales.size()));
  }
  return errors;
}

struct Mean {
  double mean = kNothing;
  double squared_error = kNothing;  // of the mean
};

Mean mean_of(const std::vector<double>& values) {
  if (values.empty()) return {};
  const auto rows = static_cast<double>(values.size());
  Mean mean{0, 0};
  for (const double value : values) mean.mean += value / rows;
  for (const double value : values) {
    mean.squared_error += (value - mean.mean) * (value - mean.mean);
  }
  mean.squared_error /= rows * std::max(1.0, rows - 1);
  return mean;
}

// The cells are chosen from the learned rows' errors, which neither side is judged by.
void compare_errors(std::vector<double> learned, const std::vector<double>& reference,
                    const std::vector<double>& current, double alpha, PrincipalResult& result) {
  std::sort(learned.begin(), learned.end());
  const auto map = std::make_shared<const CellMap>(
      fit_cell_map(learned, {learned.front(), learned.back()}, kErrorCells));
  Histogram before(map);
  Histogram after(map);
  before.update(reference);
  after.update(current);
  const Bracket bracket = ks_bracket(before, after);
  result.lower = bracket.lower;
  result.upper = bracket.upper;
  if (reference.empty() || current.empty()) return;
  const double each = alpha / 2;
  result.population =
      widened(bracket.lower, bracket.upper,
              share_error(reference.size(), each) + share_error(current.size(), each));
}

}  // namespace

PrincipalTest::PrincipalTest(const Profile& profile)
    : numbers_(numbers_of(profile)),
      reference_(numbers_.columns().size(), kMostRows),
      current_(numbers_.columns().size(), kMostRows) {
  const std::size_t columns = numbers_.columns().size();
  if (columns <= kMostPrincipalColumns) return;
  throw invalid_argument("the profile has ", columns, " columns of numbers, at most ",
                         kMostPrincipalColumns, " have their components found");
}

void PrincipalTest::add(const Batch& batch, Rows& rows) {
  const Batch flat = flatten(batch);
  const std::vector<const Column*> columns = profiled_columns(numbers_, flat);
  rows.extend(batch.length, [&](std::size_t column, std::size_t row) {
    if (columns[column]->is_null(row)) return kNothing;
    double value;
    read_doubles(*columns[column], row, 1, &value);
    return value;
  });
}

PrincipalResult PrincipalTest::result(double explained, double confidence) const {
  check_confidence(0, confidence);
  if (!(explained >= 0.5 && explained < 1)) {
    throw invalid_argument("explained = ", explained, " is not from 0.5 to below 1");
  }
  const std::vector<std::size_t> learned = rows_of(reference_, true);
  const std::vector<std::size_t> held_out = rows_of(reference_, false);
  std::vector<std::size_t> current(current_.size());
  for (std::size_t row = 0; row < current.size(); ++row) current[row] = row;
  PrincipalResult result;
  result.learned_rows = learned.size();
  result.reference_rows = held_out.size();
  result.current_rows = current.size();
  result.reference_error = result.current_error = result.change_deviation = kNothing;
  const std::vector<Scale> scales = scales_of(reference_, learned, numbers_.columns().size());
  result.columns = static_cast<std::uint32_t>(scales.size());
  if (scales.size() < 2) return result;

  const Components components =
      components_of(eigen_of(covariance_of(reference_, learned, scales)), explained);
  result.components = static_cast<std::uint32_t>(components.kept);
  result.explained = components.explained;
  const std::vector<double> before = errors_of(reference_, held_out, scales, components);
  const std::vector<double> after = errors_of(current_, current, scales, components);
  const Mean reference_mean = mean_of(before);
  const Mean current_mean = mean_of(after);
  result.reference_error = reference_mean.mean;
  result.current_error = current_mean.mean;
  result.change_deviation = std::sqrt(reference_mean.squared_error + current_mean.squared_error);
  compare_errors(errors_of(reference_, learned, scales, components), before, after, 1 - confidence,
                 result);
  return result;
}

}  // namespace kedge

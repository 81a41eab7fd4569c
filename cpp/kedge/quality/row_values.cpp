#include "kedge/quality/row_values.h"

#include <algorithm>
#include <cmath>

#include "kedge/arrow/check.h"
#include "kedge/arrow/numeric.h"
#include "kedge/base/error.h"
#include "kedge/sketch/name_reader.h"
#include "kedge/sketch/row_parts.h"

namespace kedge {
namespace {

constexpr double kLargestNumber = 1e150;  // its square is a number too
constexpr double kShareError = 0.01;

bool is_within(double value, ValueDomain domain) noexcept {
  switch (domain) {
    case ValueDomain::kAnswer:
      return value == 0 || value == 1;
    case ValueDomain::kScore:
      return value >= 0 && value <= 1;
    case ValueDomain::kNumber:
      return value >= -kLargestNumber && value <= kLargestNumber;
    case ValueDomain::kWeight:
      return value >= 0 && value <= kLargestWeight;
  }
  return false;
}

const char* words_for(ValueDomain domain) noexcept {
  switch (domain) {
    case ValueDomain::kAnswer:
      return "0 or 1";
    case ValueDomain::kScore:
      return "from 0 to 1";
    case ValueDomain::kNumber:
      return "from -1e150 to 1e150";
    case ValueDomain::kWeight:
      return "from 0 to 1e7";
  }
  return "";
}

// Without a branch, so that it costs as little as reading does.
template <ValueDomain domain>
bool all_within(const std::vector<double>& values) noexcept {
  bool all = true;
  for (const double value : values) all &= is_missing(value) || is_within(value, domain);
  return all;
}

bool all_within(const std::vector<double>& values, ValueDomain domain) noexcept {
  switch (domain) {
    case ValueDomain::kAnswer:
      return all_within<ValueDomain::kAnswer>(values);
    case ValueDomain::kScore:
      return all_within<ValueDomain::kScore>(values);
    case ValueDomain::kNumber:
      return all_within<ValueDomain::kNumber>(values);
    case ValueDomain::kWeight:
      return all_within<ValueDomain::kWeight>(values);
  }
  return false;
}

}  // namespace

std::vector<double> values_of(const Batch& batch, const std::string& name, ValueDomain domain) {
  const std::size_t i = find_column(*batch.schema, name);
  const Type& type = batch.field(i).type;
  if (!is_numeric(type) || is_time(type.id)) {
    throw unsupported("column \"", name, "\": ", type_name(type), " has no numbers");
  }
  const Column& column = batch.columns[i];
  std::vector<double> values(column.length);
  read_doubles(column, 0, column.length, values.data());
  if (column.validity != nullptr) {
    for (std::size_t row = 0; row < column.length; ++row) {
      if (column.is_null(row)) values[row] = kMissingValue;
    }
  }
  if (all_within(values, domain)) return values;
  std::size_t row = 0;
  while (is_missing(values[row]) || is_within(values[row], domain)) ++row;
  throw invalid_argument("column \"", name, "\": ", values[row], " in row ", row, " is not ",
                         words_for(domain));
}

std::vector<double> weights_of(const Batch& batch, const std::string& name) {
  std::vector<double> weights = values_of(batch, name, ValueDomain::kWeight);
  const auto gap = std::find_if(weights.begin(), weights.end(), is_missing);
  if (gap == weights.end()) return weights;
  throw invalid_argument("column \"", name, "\": row ", gap - weights.begin(), " has no weight");
}

std::vector<double> shares_of(const Batch& batch, const std::vector<std::string>& columns) {
  std::vector<double> shares(batch.length * columns.size());
  std::vector<double> sums(batch.length);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::vector<double> values = values_of(batch, columns[i], ValueDomain::kScore);
    for (std::size_t row = 0; row < batch.length; ++row) {
      shares[row * columns.size() + i] = values[row];
      sums[row] += values[row];
    }
  }
  for (std::size_t row = 0; row < batch.length; ++row) {
    if (is_missing(sums[row]) || std::fabs(sums[row] - 1) <= kShareError) continue;
    throw invalid_argument("column \"", columns.front(), "\" and ", columns.size() - 1,
                           " more: the probabilities in row ", row, " add up to ", sums[row],
                           ", not to 1");
  }
  return shares;
}

std::vector<std::uint32_t> names_of(const Batch& batch, const std::string& name,
                                    const CategoryMap& names) {
  const std::size_t i = find_column(*batch.schema, name);
  if (!NameReader::takes(batch.field(i).type)) {
    throw unsupported("column \"", name, "\": ", type_name(batch.field(i).type), " has no names");
  }
  in_column(name, [&] { check_column(batch.columns[i]); });
  return slots_of_rows(names, batch.columns[i]);
}

}  // namespace kedge

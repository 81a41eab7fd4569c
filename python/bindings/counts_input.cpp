#include "counts_input.h"

#include <cmath>

#include "arrow_input.h"
#include "kedge/arrow/numeric.h"
#include "kedge/base/error.h"

namespace nb = nanobind;

namespace kedge {
namespace {

std::uint64_t count_at(const Column& column, std::size_t row, const char* name, std::size_t index) {
  if (column.is_null(row)) {
    throw invalid_argument(name, "[", index, "] is null: a count is a whole number");
  }
  if (column.type == TypeId::kUint64) return column.data<std::uint64_t>()[row];
  if (column.type == TypeId::kInt64) {
    const std::int64_t value = column.data<std::int64_t>()[row];
    if (value < 0) {
      throw invalid_argument(name, "[", index, "] = ", value, ": a count is not below 0");
    }
    return static_cast<std::uint64_t>(value);
  }
  double value;
  read_doubles(column, row, 1, &value);
  // 2^63 and more would not fit; what fits is held against 2^53 with the sum.
  if (!(value >= 0 && value < 0x1p63 && value == std::floor(value))) {
    throw invalid_argument(name, "[", index, "] = ", value,
                           ": a count is a whole number, not below 0");
  }
  return static_cast<std::uint64_t>(value);
}

}  // namespace

std::vector<std::uint64_t> counts_from(const Batches& table, const char* name) {
  if (table.schema->size() != 1) {
    throw invalid_argument(name, " has ", table.schema->size(),
                           " columns, one of counts is wanted");
  }
  const Type& type = table.schema->front().type;
  if (!is_numeric(type) || is_time(type.id) || type.id == TypeId::kBool) {
    throw unsupported(name, " is ", type_name(type), ", counts are wanted");
  }
  std::vector<std::uint64_t> counts;
  for (const Batch& batch : table.batches) {
    const Column& column = batch.columns.front();
    for (std::size_t row = 0; row < column.length; ++row) {
      counts.push_back(count_at(column, row, name, counts.size()));
    }
  }
  return counts;
}

}  // namespace kedge

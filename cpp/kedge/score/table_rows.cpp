#include "kedge/score/table_rows.h"

#include <limits>

#include "kedge/arrow/numeric.h"
#include "kedge/base/error.h"

namespace kedge {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

void list(std::string& out, std::string_view what, const std::vector<std::string>& names) {
  constexpr std::size_t kMostNames = 20;
  if (names.empty()) return;
  out += text(out.empty() ? "" : "; ", what);
  for (std::size_t i = 0; i < names.size() && i < kMostNames; ++i) {
    out += text(i == 0 ? " \"" : ", \"", names[i], "\"");
  }
  if (names.size() > kMostNames) out += text(" and ", names.size() - kMostNames, " more");
}

bool has_names(const Type& type) { return type.dictionary != nullptr || is_string(type.id); }

// The value of a dictionary as the text it has among a feature's categories.
std::string text_at(const Column& values, std::size_t row) {
  if (is_string(values.type)) return std::string(values.string_at(row));
  double number;
  read_doubles(values, row, 1, &number);
  return text(number);
}

}  // namespace

TableRows::TableRows(std::span<const Feature> features, std::shared_ptr<const Schema> schema)
    : column_(features.size()), places_(features.size()) {
  std::map<std::string_view, std::size_t> columns;
  std::vector<std::string> superfluous;
  std::vector<std::string> missing;
  for (std::size_t i = 0; i < schema->size(); ++i) {
    if (!columns.emplace((*schema)[i].name, i).second) superfluous.push_back((*schema)[i].name);
  }
  for (std::size_t i = 0; i < features.size(); ++i) {
    const auto found = columns.find(features[i].name);
    if (found == columns.end()) {
      missing.push_back(features[i].name);
      continue;
    }
    column_[i] = found->second;
    columns.erase(found);
  }
  for (const auto& [name, column] : columns) superfluous.emplace_back(name);
  std::string wrong;
  list(wrong, "missing columns", missing);
  list(wrong, "columns that the model does not know", superfluous);
  if (!wrong.empty()) throw invalid_argument(wrong);
  for (std::size_t i = 0; i < features.size(); ++i) {
    const Field& field = (*schema)[column_[i]];
    check_readable(field);
    const bool is_named = !features[i].categories.empty();
    if (has_names(field.type) ? !is_named : !is_numeric(field.type)) {
      throw invalid_argument("column \"", field.name, "\": expected numbers, got ",
                             type_name(field.type));
    }
    for (std::size_t j = 0; j < features[i].categories.size(); ++j) {
      places_[i].emplace(features[i].categories[j], static_cast<double>(j));
    }
  }
}

void TableRows::read_names(std::size_t feature, const Column& column, std::size_t first,
                           std::size_t length, double* out) const {
  const auto& places = places_[feature];
  const auto place_of = [&](const Column& values, std::size_t row) {
    const auto found = is_string(values.type) ? places.find(values.string_at(row))
                                              : places.find(text_at(values, row));
    return found == places.end() ? kMissing : found->second;
  };
  if (!column.dictionary) {
    for (std::size_t i = 0; i < length; ++i) {
      out[i] = column.is_null(first + i) ? kMissing : place_of(column, first + i);
    }
    return;
  }
  const Column& values = *column.dictionary;
  std::vector<double> of_code(values.length);
  for (std::size_t i = 0; i < values.length; ++i) {
    of_code[i] = values.is_null(i) ? kMissing : place_of(values, i);
  }
  read_doubles(column, first, length, out);
  for (std::size_t i = 0; i < length; ++i) {
    const bool is_there =
        !column.is_null(first + i) && out[i] >= 0 && out[i] < static_cast<double>(of_code.size());
    out[i] = is_there ? of_code[static_cast<std::size_t>(out[i])] : kMissing;
  }
}

Rows TableRows::read(const Batch& batch, std::size_t first, std::size_t length,
                     std::vector<double>& values) const {
  values.resize(column_.size() * length);
  for (std::size_t i = 0; i < column_.size(); ++i) {
    const Column& column = batch.columns[column_[i]];
    double* out = values.data() + i * length;
    if (column.dictionary || is_string(column.type)) {
      read_names(i, column, first, length, out);
      continue;
    }
    read_doubles(column, first, length, out);
    if (column.validity == nullptr) continue;
    for (std::size_t j = 0; j < length; ++j) {
      if (column.is_null(first + j)) out[j] = kMissing;
    }
  }
  Rows rows;
  rows.data = reinterpret_cast<const std::byte*>(values.data());
  rows.count = length;
  rows.row_stride = sizeof(double);
  rows.column_stride = static_cast<std::ptrdiff_t>(length * sizeof(double));
  return rows;
}

}  // namespace kedge

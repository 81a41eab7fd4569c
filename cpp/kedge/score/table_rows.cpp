#include "kedge/score/table_rows.h"

#include <cmath>
#include <limits>

#include "kedge/arrow/numeric.h"
#include "kedge/base/error.h"
#include "kedge/base/text.h"

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

}  // namespace

TableRows::Places::Places(const std::vector<std::string>& categories) {
  for (std::size_t i = 0; i < categories.size(); ++i) {
    const auto place = static_cast<double>(i);
    of_text.emplace(categories[i], place);
    const auto number = number_of<double>(categories[i]);
    if (number && !std::isnan(*number)) of_number.emplace(*number, place);
  }
}

bool TableRows::Places::take(const Type& type) const {
  if (is_string(type.dictionary ? type.dictionary->id : type.id)) return !empty();
  return empty() ? is_numeric(type) : !of_number.empty();
}

TableRows::TableRows(std::span<const Feature> features, const Schema& schema)
    : column_(features.size()) {
  std::map<std::string_view, std::size_t> columns;
  std::vector<std::string> superfluous;
  std::vector<std::string> missing;
  for (std::size_t i = 0; i < schema.size(); ++i) {
    if (!columns.emplace(schema[i].name, i).second) superfluous.push_back(schema[i].name);
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
    const Field& field = schema[column_[i]];
    check_readable(field);
    const Places& places = places_.emplace_back(features[i].categories);
    if (!places.take(field.type)) {
      throw invalid_argument("column \"", field.name, "\": expected ",
                             places.empty() ? "numbers" : "names", ", got ", type_name(field.type));
    }
  }
}

void TableRows::Places::read_plain(const Column& column, std::size_t first, std::size_t length,
                                   double* out) const {
  const auto in = [](const auto& places, const auto& value) {
    const auto found = places.find(value);
    return found == places.end() ? kMissing : found->second;
  };
  if (is_string(column.type)) {
    for (std::size_t i = 0; i < length; ++i) {
      const bool is_null = column.is_null(first + i);
      out[i] = is_null ? kMissing : in(of_text, column.string_at(first + i));
    }
    return;
  }
  read_doubles(column, first, length, out);
  for (std::size_t i = 0; i < length; ++i) {
    const bool is_missing = column.is_null(first + i) || std::isnan(out[i]);
    out[i] = is_missing ? kMissing : in(of_number, out[i]);
  }
}

void TableRows::Places::read(const Column& column, std::size_t first, std::size_t length,
                             double* out) const {
  if (!column.dictionary) return read_plain(column, first, length, out);
  std::vector<double> of_code(column.dictionary->length);
  read_plain(*column.dictionary, 0, of_code.size(), of_code.data());
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
    if (!places_[i].empty()) {
      places_[i].read(column, first, length, out);
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

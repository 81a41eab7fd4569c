#include "kedge/score/table_rows.h"

#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <string_view>

#include "kedge/arrow/numeric.h"
#include "kedge/base/error.h"
#include "kedge/score/match_features.h"
#include "kedge/sketch/name_reader.h"

namespace kedge {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

bool takes(const CategoryPlaces& places, const Type& type) {
  if (is_string(type.dictionary ? type.dictionary->id : type.id)) return !places.empty();
  return places.empty() ? is_numeric(type) && !is_time(type.id) : places.has_numbers();
}

void read_names(const CategoryPlaces& places, const Column& column, std::size_t first,
                std::size_t length, double* out) {
  std::array<NameKey, 128> keys;
  for (std::size_t done = 0; done < length; done += keys.size()) {
    const auto block = std::span(keys).first(std::min(keys.size(), length - done));
    read_keys(column, first + done, block);
    places.of(block, out + done);
  }
  if (column.validity == nullptr) return;
  for (std::size_t i = 0; i < length; ++i) {
    if (column.is_null(first + i)) out[i] = kMissing;
  }
}

void read_plain(const CategoryPlaces& places, const Column& column, std::size_t first,
                std::size_t length, double* out) {
  if (is_string(column.type)) return read_names(places, column, first, length, out);
  read_doubles(column, first, length, out);
  for (std::size_t i = 0; i < length; ++i) {
    out[i] = column.is_null(first + i) ? kMissing : places.of(out[i]);
  }
}

void read_places(const CategoryPlaces& places, const Column& column, std::size_t first,
                 std::size_t length, double* out) {
  if (!column.dictionary) return read_plain(places, column, first, length, out);
  std::vector<double> of_code(column.dictionary->length);
  read_plain(places, *column.dictionary, 0, of_code.size(), of_code.data());
  read_doubles(column, first, length, out);
  for (std::size_t i = 0; i < length; ++i) {
    const bool is_there =
        !column.is_null(first + i) && out[i] >= 0 && out[i] < static_cast<double>(of_code.size());
    out[i] = is_there ? of_code[static_cast<std::size_t>(out[i])] : kMissing;
  }
}

std::vector<std::string_view> names_of(const Schema& schema) {
  std::vector<std::string_view> out;
  out.reserve(schema.size());
  for (const Field& field : schema) out.emplace_back(field.name);
  return out;
}

}  // namespace

TableRows::TableRows(std::span<const Feature> features, std::span<const CategoryPlaces> places,
                     const Schema& schema)
    : column_(match_features(features, names_of(schema))), places_(places) {
  for (std::size_t i = 0; i < features.size(); ++i) {
    const Field& field = schema[column_[i]];
    if (is_nothing(field.type)) continue;
    check_readable(field);
    if (!takes(places[i], field.type)) {
      throw invalid_argument("column \"", field.name, "\": expected ",
                             places[i].empty() ? "numbers" : "names", ", got ",
                             type_name(field.type));
    }
  }
}

void TableRows::read_feature(std::size_t feature, const Column& column, std::size_t first,
                             std::size_t length, double* out) const {
  if (column.type == TypeId::kOpaque) {  // without any value
    std::fill_n(out, length, kMissing);
    return;
  }
  if (!places_[feature].empty()) return read_places(places_[feature], column, first, length, out);
  if (column.type == TypeId::kFloat64 && length == 1) {
    *out = column.data<double>()[first];  // as an event comes; the call would cost more
  } else {
    read_doubles(column, first, length, out);
  }
  if (column.validity == nullptr) return;
  for (std::size_t j = 0; j < length; ++j) {
    if (column.is_null(first + j)) out[j] = kMissing;
  }
}

Rows TableRows::read(const Batch& batch, std::size_t first, std::size_t length,
                     std::vector<double>& values) const {
  values.resize(column_.size() * length);
  for (std::size_t i = 0; i < column_.size(); ++i) {
    read_feature(i, batch.columns[column_[i]], first, length, values.data() + i * length);
  }
  return columns_of(values, length);
}

Rows TableRows::read(std::span<const Column* const> columns, std::size_t first, std::size_t length,
                     std::vector<double>& values) const {
  values.resize(column_.size() * length);
  for (std::size_t i = 0; i < column_.size(); ++i) {
    read_feature(i, *columns[column_[i]], first, length, values.data() + i * length);
  }
  return columns_of(values, length);
}

}  // namespace kedge

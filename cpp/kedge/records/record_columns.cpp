#include "kedge/records/record_columns.h"

#include <algorithm>
#include <memory>
#include <set>

#include "kedge/base/error.h"

namespace kedge::records {
namespace {

constexpr std::size_t kFirstRows = 256;
constexpr std::size_t kMostExcerpt = 40;

}  // namespace

std::string excerpt(std::string_view text) {
  if (text.size() <= kMostExcerpt) return std::string(text);
  std::size_t end = kMostExcerpt;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return kedge::text(text.substr(0, end), "..");
}

std::string quoted_excerpt(std::string_view text) { return kedge::text('"', excerpt(text), '"'); }

RecordColumns::RecordColumns(Schema schema)
    : set_by_(schema.size(), 0), expected_rows_(kFirstRows) {
  if (schema.empty()) throw invalid_argument("a schema of records: it has no columns");
  std::set<std::string_view> names;
  columns_.reserve(schema.size());
  for (const Field& field : schema) {
    if (!names.insert(field.name).second) {
      throw invalid_argument("column \"", field.name, "\" is in the schema twice");
    }
    columns_.emplace_back(field);
  }
  schema_ = std::make_shared<const Schema>(std::move(schema));
  view_ = {schema_, 0, std::vector<Column>(columns_.size()), {}};
}

void RecordColumns::begin() {
  ++record_;
  set_ = 0;
  if (rows_ < capacity_) return;
  const std::size_t wanted = std::max(expected_rows_, 2 * rows_);
  for (RecordColumn& column : columns_) column.grow(rows_, wanted);
  capacity_ = wanted;
}

bool RecordColumns::is_first(std::size_t column) {
  if (set_by_[column] == record_) return refuse((*schema_)[column].name, "the record has it twice");
  set_by_[column] = record_;
  ++set_;
  return true;
}

bool RecordColumns::refuse_value(std::size_t column, std::string_view got) {
  const Field& field = (*schema_)[column];
  return refuse(field.name, "wanted ", type_name(field.type), ", got ", got);
}

bool RecordColumns::set_null(std::size_t column) {
  if (!(*schema_)[column].nullable) return refuse_value(column, "null, which it may not be");
  if (!is_first(column)) return false;
  columns_[column].set_null(rows_);
  return true;
}

bool RecordColumns::set_bool(std::size_t column, bool value) {
  if (!is_first(column)) return false;
  return columns_[column].set_bool(rows_, value) || refuse_value(column, value ? "true" : "false");
}

bool RecordColumns::set_integer(std::size_t column, std::int64_t value) {
  if (!is_first(column)) return false;
  return columns_[column].set_integer(rows_, value) || refuse_value(column, text(value));
}

bool RecordColumns::set_unsigned(std::size_t column, std::uint64_t value) {
  if (!is_first(column)) return false;
  return columns_[column].set_unsigned(rows_, value) || refuse_value(column, text(value));
}

bool RecordColumns::set_double(std::size_t column, double value) {
  if (!is_first(column)) return false;
  return columns_[column].set_double(rows_, value) || refuse_value(column, text(value));
}

bool RecordColumns::set_decimal(std::size_t column, const Decimal& value) {
  if (!is_first(column)) return false;
  return columns_[column].set_decimal(rows_, value) ||
         refuse_value(column, excerpt(value.spelling));
}

bool RecordColumns::set_text(std::size_t column, std::string_view value) {
  if (!is_first(column)) return false;
  return columns_[column].set_text(rows_, value) || refuse_value(column, quoted_excerpt(value));
}

bool RecordColumns::commit() {
  for (std::size_t i = 0; set_ < columns_.size() && i < columns_.size(); ++i) {
    if (set_by_[i] == record_) continue;
    const Field& field = (*schema_)[i];
    if (!field.nullable) return refuse(field.name, "it is missing, and may not be null");
    columns_[i].set_null(rows_);
    ++set_;
  }
  ++rows_;
  return true;
}

const Batch& RecordColumns::view() {
  view_.length = rows_;
  for (std::size_t i = 0; i < columns_.size(); ++i) columns_[i].show(rows_, view_.columns[i]);
  return view_;
}

Batch RecordColumns::take() {
  if (capacity_ == 0) begin();  // a column of no rows has memory all the same
  Batch batch = view();
  auto memory = std::make_shared<std::vector<RecordColumn::Memory>>();
  memory->reserve(columns_.size());
  for (RecordColumn& column : columns_) memory->push_back(column.give_memory());
  batch.owner = std::move(memory);
  expected_rows_ = std::max(kFirstRows, rows_);
  rows_ = capacity_ = 0;
  return batch;
}

}  // namespace kedge::records

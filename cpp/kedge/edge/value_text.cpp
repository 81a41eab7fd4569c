#include "kedge/edge/value_text.h"

#include "kedge/arrow/numeric.h"
#include "kedge/base/text.h"
#include "kedge/edge/json_text.h"

namespace kedge::edge {
namespace {

void append_number(std::string& out, const Column& column, std::size_t row) {
  if (column.type == TypeId::kBool) {
    out += get_bit(static_cast<const std::uint8_t*>(column.values), column.offset + row) ? "true"
                                                                                         : "false";
    return;
  }
  if (is_integer(column.type) || is_time(column.type)) {
    std::int64_t value = 0;
    read_integers(column, row, 1, &value);
    if (is_unsigned(column.type)) {
      append_text(out, static_cast<std::uint64_t>(value));
    } else {
      append_text(out, value);
    }
    return;
  }
  double value = 0;
  read_doubles(column, row, 1, &value);
  append_json_number(out, value);
}

}  // namespace

bool has_text(const Type& type) noexcept {
  return !type.dictionary && (is_numeric(type) || is_string(type.id));
}

void append_json_value(std::string& out, const Column& column, std::size_t row) {
  if (column.is_null(row)) {
    out += "null";
  } else if (is_string(column.type)) {
    append_json_string(out, column.string_at(row));
  } else {
    append_number(out, column, row);
  }
}

void append_csv_text(std::string& out, std::string_view value) {
  if (!value.empty() && value.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += value;
    return;
  }
  out += '"';
  for (const char c : value) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void append_csv_value(std::string& out, const Column& column, std::size_t row) {
  if (column.is_null(row)) return;
  if (is_string(column.type)) {
    append_csv_text(out, column.string_at(row));
  } else {
    append_number(out, column, row);
  }
}

}  // namespace kedge::edge

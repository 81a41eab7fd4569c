// What a batch says, as one string: batches with equal rows have equal dumps, wherever their
// buffers lie and whatever is under null rows. Reads every value there is, so a sanitizer sees
// each.
#pragma once

#include <span>
#include <string>

#include "kedge/arrow/batch.h"
#include "kedge/base/text.h"

namespace kedge::test {

inline void dump_value(const Column& column, std::size_t row, std::string& out) {
  if (is_string(column.type)) {
    const std::string_view value = column.string_at(row);
    out += text(value.size(), ":", value);
  } else if (column.type == TypeId::kBool) {
    out += get_bit(column.data<std::uint8_t>() - column.offset, column.offset + row) ? '1' : '0';
  } else {
    const std::size_t width = value_bytes(column.type);
    out.append(static_cast<const char*>(column.values) + (column.offset + row) * width, width);
  }
}

inline void dump_column(const Column& column, std::string& out) {
  for (std::size_t row = 0; row < column.length; ++row) {
    out += column.is_null(row) ? '-' : '+';
    if (!column.is_null(row)) dump_value(column, row, out);
  }
  if (column.dictionary) {
    out += "dictionary:";
    dump_column(*column.dictionary, out);
  }
}

inline std::string dump_rows(std::span<const Batch> batches) {
  std::string out;
  for (const Batch& batch : batches) {
    out += text("batch of ", batch.length, "\n");
    for (std::size_t i = 0; i < batch.columns.size(); ++i) {
      const Field& field = batch.field(i);
      out += text(field.name, field.nullable ? "?" : "", " ", type_name(field.type), "\n");
      dump_column(batch.columns[i], out);
      out += "\n";
    }
  }
  return out;
}

}  // namespace kedge::test

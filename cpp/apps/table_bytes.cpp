#include "table_bytes.h"

#include <string_view>

#include "kedge/base/bits.h"
#include "kedge/base/bytes.h"

namespace kedge {
namespace {

void write_row(const Column& column, std::size_t row, ByteWriter& out);

void write_value(const Column& column, std::size_t row, ByteWriter& out) {
  const std::size_t width = value_bytes(column.type);
  if (is_string(column.type)) {
    out.write_string(column.string_at(row));
  } else if (column.type == TypeId::kLargeBinary) {
    const auto* ends = column.data<std::int64_t>() + row;
    out.write_string({column.text + ends[0], static_cast<std::size_t>(ends[1] - ends[0])});
  } else if (column.type == TypeId::kList) {
    const auto* ends = column.data<std::int32_t>() + row;
    out.write_varint(static_cast<std::uint64_t>(ends[1] - ends[0]));
    for (std::int32_t i = ends[0]; i < ends[1]; ++i) {
      write_row(column.children.front(), static_cast<std::size_t>(i), out);
    }
  } else if (column.type == TypeId::kBool) {
    const auto* bits = static_cast<const std::uint8_t*>(column.values);
    out.write(static_cast<std::uint8_t>(get_bit(bits, column.offset + row)));
  } else if (width != 0) {
    const auto* values = static_cast<const std::byte*>(column.values);
    out.write_bytes({values + (column.offset + row) * width, width});
  }
}

void write_row(const Column& column, std::size_t row, ByteWriter& out) {
  out.write(static_cast<std::uint8_t>(column.is_null(row)));
  if (column.is_null(row)) return;
  write_value(column, row, out);
  if (column.type != TypeId::kStruct) return;
  for (const Column& child : column.children) write_row(child, row, out);
}

}  // namespace

std::vector<std::byte> table_bytes(const Batches& table) {
  ByteWriter out;
  for (const Field& field : *table.schema) {
    out.write_string(field.name);
    out.write_string(type_name(field.type));
    for (const auto& [name, value] : field.metadata) {
      out.write_string(name);
      out.write_string(value);
    }
  }
  for (const Batch& batch : table.batches) {
    for (std::size_t row = 0; row < batch.length; ++row) {
      for (const Column& column : batch.columns) write_row(column, row, out);
    }
  }
  return out.take();
}

}  // namespace kedge

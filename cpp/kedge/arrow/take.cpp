#include "kedge/arrow/take.h"

#include <cstring>

namespace kedge {
namespace {

template <class Value>
void take_values(const Column& column, std::span<const std::uint32_t> rows, Buffer& out) {
  out = Buffer(rows.size() * sizeof(Value));
  const Value* values = column.data<Value>();
  Value* taken = reinterpret_cast<Value*>(out.data());
  for (std::size_t i = 0; i < rows.size(); ++i) taken[i] = values[rows[i]];
}

void take_bits(const std::uint8_t* bits, std::size_t offset, std::span<const std::uint32_t> rows,
               Buffer& out) {
  out = Buffer(bitmap_bytes(rows.size()));
  auto* taken = reinterpret_cast<std::uint8_t*>(out.data());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (get_bit(bits, offset + rows[i])) set_bit(taken, i);
  }
}

// As large_utf8, whatever the strings were.
void take_strings(const Column& column, std::span<const std::uint32_t> rows, TakenColumn& out) {
  out.column.type = TypeId::kLargeUtf8;
  out.values = Buffer((rows.size() + 1) * sizeof(std::int64_t));
  const auto offsets = out.values.as<std::int64_t>();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!column.is_null(rows[i])) {
      const std::string_view string = column.string_at(rows[i]);
      out.text.insert(out.text.end(), string.begin(), string.end());
    }
    offsets[i + 1] = static_cast<std::int64_t>(out.text.size());
  }
  out.column.text = out.text.data();
}

}  // namespace

TakenColumn take(const Column& column, std::span<const std::uint32_t> rows) {
  TakenColumn out;
  out.column.type = column.type;
  out.column.length = rows.size();
  out.column.dictionary = column.dictionary;
  if (is_string(column.type)) {
    take_strings(column, rows, out);
  } else if (column.type == TypeId::kBool) {
    take_bits(static_cast<const std::uint8_t*>(column.values), column.offset, rows, out.values);
  } else {
    switch (value_bytes(column.type)) {
      case 1:
        take_values<std::uint8_t>(column, rows, out.values);
        break;
      case 2:
        take_values<std::uint16_t>(column, rows, out.values);
        break;
      case 4:
        take_values<std::uint32_t>(column, rows, out.values);
        break;
      default:
        take_values<std::uint64_t>(column, rows, out.values);
    }
  }
  out.column.values = out.values.data();
  if (column.validity != nullptr) {
    take_bits(column.validity, column.offset, rows, out.validity);
    out.column.validity = reinterpret_cast<const std::uint8_t*>(out.validity.data());
  }
  return out;
}

}  // namespace kedge

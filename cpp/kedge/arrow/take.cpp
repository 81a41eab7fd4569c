#include "kedge/arrow/take.h"

#include <algorithm>

namespace kedge {
namespace {

// With kMayLack a row may be kNoRow: it holds zero, no bit or no text.
template <bool kMayLack>
bool has_row(std::uint32_t row) noexcept {
  return !kMayLack || row != kNoRow;
}

template <bool kMayLack, class Value>
void take_values(const Column& column, std::span<const std::uint32_t> rows, Buffer& out) {
  out = Buffer::uninitialized(rows.size() * sizeof(Value));
  const Value* values = column.data<Value>();
  Value* taken = reinterpret_cast<Value*>(out.data());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    taken[i] = has_row<kMayLack>(rows[i]) ? values[rows[i]] : Value{};
  }
}

template <bool kMayLack>
void take_bits(const std::uint8_t* bits, std::size_t offset, std::span<const std::uint32_t> rows,
               Buffer& out) {
  out = Buffer(bitmap_bytes(rows.size()));
  auto* taken = reinterpret_cast<std::uint8_t*>(out.data());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (has_row<kMayLack>(rows[i]) && get_bit(bits, offset + rows[i])) set_bit(taken, i);
  }
}

// As large_utf8, whatever the strings were.
template <bool kMayLack>
void take_strings(const Column& column, std::span<const std::uint32_t> rows, TakenColumn& out) {
  out.column.type = TypeId::kLargeUtf8;
  out.values = Buffer((rows.size() + 1) * sizeof(std::int64_t));
  const auto offsets = out.values.as<std::int64_t>();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (has_row<kMayLack>(rows[i]) && !column.is_null(rows[i])) {
      const std::string_view string = column.string_at(rows[i]);
      out.text.insert(out.text.end(), string.begin(), string.end());
    }
    offsets[i + 1] = static_cast<std::int64_t>(out.text.size());
  }
  out.column.text = out.text.data();
}

template <bool kMayLack>
void take_validity(const Column& column, std::span<const std::uint32_t> rows, TakenColumn& out) {
  if (column.validity != nullptr) {
    take_bits<kMayLack>(column.validity, column.offset, rows, out.validity);
  } else if (kMayLack && std::ranges::find(rows, kNoRow) != rows.end()) {
    out.validity = Buffer(bitmap_bytes(rows.size()));
    auto* valid = reinterpret_cast<std::uint8_t*>(out.validity.data());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i] != kNoRow) set_bit(valid, i);
    }
  } else {
    return;
  }
  out.column.validity = reinterpret_cast<const std::uint8_t*>(out.validity.data());
}

template <bool kMayLack>
TakenColumn taken_from(const Column& column, std::span<const std::uint32_t> rows) {
  TakenColumn out;
  out.column.type = column.type;
  out.column.length = rows.size();
  out.column.dictionary = column.dictionary;
  if (is_string(column.type)) {
    take_strings<kMayLack>(column, rows, out);
  } else if (column.type == TypeId::kBool) {
    take_bits<kMayLack>(static_cast<const std::uint8_t*>(column.values), column.offset, rows,
                        out.values);
  } else {
    switch (value_bytes(column.type)) {
      case 1:
        take_values<kMayLack, std::uint8_t>(column, rows, out.values);
        break;
      case 2:
        take_values<kMayLack, std::uint16_t>(column, rows, out.values);
        break;
      case 4:
        take_values<kMayLack, std::uint32_t>(column, rows, out.values);
        break;
      default:
        take_values<kMayLack, std::uint64_t>(column, rows, out.values);
    }
  }
  out.column.values = out.values.data();
  take_validity<kMayLack>(column, rows, out);
  return out;
}

}  // namespace

TakenColumn take(const Column& column, std::span<const std::uint32_t> rows) {
  return taken_from<false>(column, rows);
}

TakenColumn take_or_null(const Column& column, std::span<const std::uint32_t> rows) {
  return taken_from<true>(column, rows);
}

}  // namespace kedge

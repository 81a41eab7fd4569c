// One column of the batch that decoders fill. A value is written behind the rows there are and
// becomes one of them when its record is whole, so a record that is refused leaves no trace.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "kedge/arrow/column.h"
#include "kedge/base/buffer.h"
#include "kedge/base/decimal.h"

namespace kedge::records {

// Each set writes row `row`, which has room, and says whether the column's type holds the value: no
// integer is rounded or wrapped, no text is read as a number, no time loses digits. Times are texts
// in ISO 8601 (expr/literal.h) or integers in the column's own unit.
class RecordColumn {
 public:
  // What a view of the column points into.
  struct Memory {
    Buffer values, text, valid_bits, value_bits;
  };

  // Bool, integers, float32 and float64, timestamps, date32, utf8 and large_utf8. Throws
  // Unsupported that names the column for others.
  explicit RecordColumn(Field field);

  const Field& field() const noexcept { return field_; }

  // Room for so many rows; the first `used` are kept.
  void grow(std::size_t used, std::size_t rows);

  void set_null(std::size_t row) noexcept;
  bool set_bool(std::size_t row, bool value) noexcept;
  bool set_integer(std::size_t row, std::int64_t value) noexcept;
  bool set_unsigned(std::size_t row, std::uint64_t value) noexcept;
  bool set_double(std::size_t row, double value) noexcept;
  bool set_decimal(std::size_t row, const Decimal& value) noexcept;
  // Well-formed UTF-8. False too where the column's offsets reach no further.
  bool set_text(std::size_t row, std::string_view value);

  // Lets `column` show the rows so far, in memory of this column that the next rows overwrite. It
  // is empty, or showed them before.
  void show(std::size_t rows, Column& column);
  // That memory; the column has no room afterwards.
  Memory give_memory();

 private:
  template <class Value>
  bool put(std::size_t row, Value value) noexcept;
  template <class Value, class From>
  bool put_if_fits(std::size_t row, From value) noexcept;
  template <class From>
  bool put_integer(std::size_t row, From value) noexcept;
  template <class Offset>
  bool put_text(std::size_t row, std::string_view value);
  bool set_time(std::size_t row, std::string_view value) noexcept;

  Field field_;
  TypeId type_;
  bool is_text_;
  std::byte* values_ = nullptr;  // a byte for each bool; of texts, where each begins and ends
  std::uint8_t* valid_ = nullptr;
  Buffer values_memory_;
  Buffer valid_memory_;
  Buffer text_memory_;
  Buffer valid_bits_;
  Buffer value_bits_;
};

}  // namespace kedge::records

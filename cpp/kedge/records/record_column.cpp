#include "kedge/records/record_column.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "kedge/base/bits.h"
#include "kedge/base/error.h"
#include "kedge/expr/literal.h"

namespace kedge::records {
namespace {

bool can_decode(const Type& type) {
  if (type.dictionary) return false;
  switch (type.id) {
    case TypeId::kFloat16:
    case TypeId::kDate64:
    case TypeId::kUtf8View:
      return false;
    default:
      return type.id < TypeId::kStruct;
  }
}

expr::Tick tick_of(const Type& type) {
  if (type.id == TypeId::kDate32) return expr::Tick::kDay;
  return static_cast<expr::Tick>(static_cast<int>(type.unit) + 1);
}

Buffer grown(const Buffer& old, std::size_t used, std::size_t bytes) {
  Buffer larger = Buffer::uninitialized(bytes);
  if (used != 0) std::memcpy(larger.data(), old.data(), used);
  return larger;
}

// A bitmap of `rows` bytes that are 0 or 1, in memory that is used again.
const std::uint8_t* packed(const std::uint8_t* bytes, std::size_t rows, Buffer& bits) {
  const std::size_t wanted = std::max<std::size_t>(1, bitmap_bytes(rows));
  if (bits.size() < wanted) bits = Buffer(wanted);
  const auto bitmap = bits.as<std::uint8_t>();
  std::memset(bitmap.data(), 0, wanted);
  pack_bits(bytes, rows, bitmap.data());
  return bitmap.data();
}

}  // namespace

RecordColumn::RecordColumn(Field field)
    : field_(std::move(field)), type_(field_.type.id), is_text_(is_string(type_)) {
  if (!can_decode(field_.type)) {
    throw unsupported("column \"", field_.name, "\": records are not read into ",
                      type_name(field_.type));
  }
}

void RecordColumn::grow(std::size_t used, std::size_t rows) {
  const std::size_t width = std::max<std::size_t>(1, value_bytes(type_));
  const std::size_t more = is_text_ ? 1 : 0;  // texts have one end more than rows
  const bool first = values_ == nullptr;
  values_memory_ = grown(values_memory_, first ? 0 : (used + more) * width, (rows + more) * width);
  valid_memory_ = grown(valid_memory_, used, rows);
  values_ = values_memory_.data();
  valid_ = valid_memory_.as<std::uint8_t>().data();
  if (first && is_text_) std::memset(values_, 0, width);
}

template <class Value>
bool RecordColumn::put(std::size_t row, Value value) noexcept {
  std::memcpy(values_ + row * sizeof value, &value, sizeof value);
  valid_[row] = 1;
  return true;
}

template <class Value, class From>
bool RecordColumn::put_if_fits(std::size_t row, From value) noexcept {
  return std::in_range<Value>(value) && put(row, static_cast<Value>(value));
}

template <class From>
bool RecordColumn::put_integer(std::size_t row, From value) noexcept {
  switch (type_) {
    case TypeId::kInt8:
      return put_if_fits<std::int8_t>(row, value);
    case TypeId::kInt16:
      return put_if_fits<std::int16_t>(row, value);
    case TypeId::kInt32:
    case TypeId::kDate32:
      return put_if_fits<std::int32_t>(row, value);
    case TypeId::kInt64:
    case TypeId::kTimestamp:
      return put_if_fits<std::int64_t>(row, value);
    case TypeId::kUint8:
      return put_if_fits<std::uint8_t>(row, value);
    case TypeId::kUint16:
      return put_if_fits<std::uint16_t>(row, value);
    case TypeId::kUint32:
      return put_if_fits<std::uint32_t>(row, value);
    case TypeId::kUint64:
      return put_if_fits<std::uint64_t>(row, value);
    case TypeId::kFloat32:
      return put(row, static_cast<float>(value));
    case TypeId::kFloat64:
      return put(row, static_cast<double>(value));
    default:
      return false;
  }
}

bool RecordColumn::set_bool(std::size_t row, bool value) noexcept {
  return type_ == TypeId::kBool && put(row, static_cast<std::uint8_t>(value ? 1 : 0));
}

bool RecordColumn::set_integer(std::size_t row, std::int64_t value) noexcept {
  return put_integer(row, value);
}

bool RecordColumn::set_unsigned(std::size_t row, std::uint64_t value) noexcept {
  return put_integer(row, value);
}

bool RecordColumn::set_double(std::size_t row, double value) noexcept {
  if (type_ == TypeId::kFloat64) return put(row, value);
  return type_ == TypeId::kFloat32 && put(row, static_cast<float>(value));
}

bool RecordColumn::set_decimal(std::size_t row, const Decimal& value) noexcept {
  if (type_ == TypeId::kFloat64) {
    const std::optional<double> number = value.float64();
    return number && put(row, *number);
  }
  if (type_ == TypeId::kFloat32) {
    const std::optional<float> number = value.float32();
    return number && put(row, *number);
  }
  if (const std::optional<std::int64_t> number = value.int64()) return put_integer(row, *number);
  const std::optional<std::uint64_t> number = value.uint64();
  return number && put_integer(row, *number);
}

bool RecordColumn::set_time(std::size_t row, std::string_view value) noexcept {
  const bool is_date = type_ == TypeId::kDate32;
  const auto time = is_date ? expr::parse_date(value) : expr::parse_timestamp(value);
  const expr::Tick tick = tick_of(field_.type);
  std::int64_t ticks = 0;
  if (!time || time->tick > tick ||
      __builtin_mul_overflow(time->ticks, expr::ticks_per(time->tick, tick), &ticks)) {
    return false;
  }
  return put_integer(row, ticks);
}

template <class Offset>
bool RecordColumn::put_text(std::size_t row, std::string_view value) {
  Offset begin;
  std::memcpy(&begin, values_ + row * sizeof begin, sizeof begin);
  const auto used = static_cast<std::size_t>(begin);
  if (value.size() > static_cast<std::size_t>(std::numeric_limits<Offset>::max()) - used) {
    return false;
  }
  const std::size_t end = used + value.size();
  if (end > text_memory_.size()) {
    text_memory_ = grown(text_memory_, used, std::max(end, 2 * text_memory_.size()));
  }
  if (!value.empty()) std::memcpy(text_memory_.data() + used, value.data(), value.size());
  const auto offset = static_cast<Offset>(end);
  std::memcpy(values_ + (row + 1) * sizeof offset, &offset, sizeof offset);
  valid_[row] = 1;
  return true;
}

bool RecordColumn::set_text(std::size_t row, std::string_view value) {
  if (type_ == TypeId::kUtf8) return put_text<std::int32_t>(row, value);
  if (type_ == TypeId::kLargeUtf8) return put_text<std::int64_t>(row, value);
  return is_time(type_) && set_time(row, value);
}

void RecordColumn::set_null(std::size_t row) noexcept {
  const std::size_t width = value_bytes(type_);
  if (is_text_) {
    std::memcpy(values_ + (row + 1) * width, values_ + row * width, width);
  } else {
    std::memset(values_ + row * std::max<std::size_t>(1, width), 0,
                std::max<std::size_t>(1, width));
  }
  valid_[row] = 0;
}

void RecordColumn::show(std::size_t rows, Column& column) {
  column.type = type_;
  column.length = rows;
  column.values = type_ == TypeId::kBool
                      ? packed(reinterpret_cast<const std::uint8_t*>(values_), rows, value_bits_)
                      : static_cast<const void*>(values_);
  column.text = reinterpret_cast<const char*>(text_memory_.data());
  const bool has_null = rows == 1 ? valid_[0] == 0 : rows != 0 && std::memchr(valid_, 0, rows);
  column.validity = has_null ? packed(valid_, rows, valid_bits_) : nullptr;
}

RecordColumn::Memory RecordColumn::give_memory() {
  values_ = nullptr;
  valid_ = nullptr;
  // A buffer that was moved from still says how large it was.
  return {std::exchange(values_memory_, Buffer()), std::exchange(text_memory_, Buffer()),
          std::exchange(valid_bits_, Buffer()), std::exchange(value_bits_, Buffer())};
}

}  // namespace kedge::records

#include "kedge/arrow/numeric.h"

#include <algorithm>
#include <bit>

namespace kedge {
namespace {

// IEEE 754 binary16, by bits: compilers disagree about a half type.
double double_of_half(std::uint16_t half) noexcept {
  constexpr int kBiasDifference = 1023 - 15;
  const std::uint64_t sign = std::uint64_t{half & 0x8000u} << 48;
  const std::uint64_t exponent = (half >> 10) & 0x1f;
  const std::uint64_t fraction = half & 0x3ff;
  if (exponent == 0) {
    const double magnitude = static_cast<double>(fraction) * 0x1p-24;
    return sign != 0 ? -magnitude : magnitude;
  }
  const std::uint64_t wide_exponent = exponent == 0x1f ? 0x7ff : exponent + kBiasDifference;
  return std::bit_cast<double>(sign | wide_exponent << 52 | fraction << 42);
}

template <class Value, class To>
void widen(const Column& column, std::size_t start, std::size_t length, To* out) noexcept {
  const Value* values = column.data<Value>() + start;
  // The sign makes an int of a byte, which is a number here and no character.
  for (std::size_t i = 0; i < length; ++i) out[i] = static_cast<To>(+values[i]);
}

template <class To>
void widen_bits(const Column& column, std::size_t start, std::size_t length, To* out) noexcept {
  const auto* bits = static_cast<const std::uint8_t*>(column.values);
  for (std::size_t i = 0; i < length; ++i) out[i] = get_bit(bits, column.offset + start + i);
}

void widen_halves(const Column& column, std::size_t start, std::size_t length,
                  double* out) noexcept {
  const auto* halves = column.data<std::uint16_t>() + start;
  for (std::size_t i = 0; i < length; ++i) out[i] = double_of_half(halves[i]);
}

// Bools, integers and times; nothing of other columns.
template <class To>
void widen_integral(const Column& column, std::size_t start, std::size_t length, To* out) noexcept {
  switch (column.type) {
    case TypeId::kBool:
      return widen_bits(column, start, length, out);
    case TypeId::kInt8:
      return widen<std::int8_t>(column, start, length, out);
    case TypeId::kInt16:
      return widen<std::int16_t>(column, start, length, out);
    case TypeId::kInt32:
    case TypeId::kDate32:
      return widen<std::int32_t>(column, start, length, out);
    case TypeId::kInt64:
    case TypeId::kTimestamp:
    case TypeId::kDate64:
      return widen<std::int64_t>(column, start, length, out);
    case TypeId::kUint8:
      return widen<std::uint8_t>(column, start, length, out);
    case TypeId::kUint16:
      return widen<std::uint16_t>(column, start, length, out);
    case TypeId::kUint32:
      return widen<std::uint32_t>(column, start, length, out);
    case TypeId::kUint64:
      return widen<std::uint64_t>(column, start, length, out);
    default:
      return;
  }
}

bool is_float(TypeId id) noexcept { return id >= TypeId::kFloat16 && id <= TypeId::kFloat64; }

}  // namespace

bool is_numeric(const Type& type) noexcept { return !type.dictionary && type.id < TypeId::kUtf8; }

bool is_integral(const Type& type) noexcept { return is_numeric(type) && !is_float(type.id); }

bool is_unsigned(TypeId id) noexcept {
  return id == TypeId::kUint8 || id == TypeId::kUint16 || id == TypeId::kUint32 ||
         id == TypeId::kUint64;
}

void read_doubles(const Column& column, std::size_t start, std::size_t length,
                  double* out) noexcept {
  switch (column.type) {
    case TypeId::kFloat16:
      return widen_halves(column, start, length, out);
    case TypeId::kFloat32:
      return widen<float>(column, start, length, out);
    case TypeId::kFloat64:
      return widen<double>(column, start, length, out);
    default:
      return widen_integral(column, start, length, out);
  }
}

void read_integers(const Column& column, std::size_t start, std::size_t length,
                   std::int64_t* out) noexcept {
  widen_integral(column, start, length, out);
}

void read_equal_bits(const Column& column, std::size_t start, std::size_t length,
                     std::uint64_t* out) noexcept {
  if (!is_float(column.type)) {
    return read_integers(column, start, length, reinterpret_cast<std::int64_t*>(out));
  }
  constexpr std::size_t kBlock = 512;
  double values[kBlock];
  for (std::size_t done = 0; done < length; done += kBlock) {
    const std::size_t count = std::min(kBlock, length - done);
    read_doubles(column, start + done, count, values);
    for (std::size_t i = 0; i < count; ++i) {
      const double value = values[i];
      out[done + i] = value == value ? ordered_bits(value + 0.0) : ~std::uint64_t{0};
    }
  }
}

}  // namespace kedge

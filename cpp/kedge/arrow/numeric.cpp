#include "kedge/arrow/numeric.h"

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

template <class Value>
void widen(const Column& column, std::size_t start, std::size_t length, double* out) noexcept {
  const Value* values = column.data<Value>() + start;
  for (std::size_t i = 0; i < length; ++i) out[i] = static_cast<double>(values[i]);
}

void widen_bits(const Column& column, std::size_t start, std::size_t length, double* out) noexcept {
  const auto* bits = static_cast<const std::uint8_t*>(column.values);
  for (std::size_t i = 0; i < length; ++i) out[i] = get_bit(bits, column.offset + start + i);
}

void widen_halves(const Column& column, std::size_t start, std::size_t length,
                  double* out) noexcept {
  const auto* halves = column.data<std::uint16_t>() + start;
  for (std::size_t i = 0; i < length; ++i) out[i] = double_of_half(halves[i]);
}

}  // namespace

bool is_numeric(const Type& type) noexcept { return !type.dictionary && type.id < TypeId::kUtf8; }

void read_doubles(const Column& column, std::size_t start, std::size_t length,
                  double* out) noexcept {
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
    case TypeId::kFloat16:
      return widen_halves(column, start, length, out);
    case TypeId::kFloat32:
      return widen<float>(column, start, length, out);
    case TypeId::kFloat64:
      return widen<double>(column, start, length, out);
    case TypeId::kUtf8:
    case TypeId::kLargeUtf8:
    case TypeId::kUtf8View:
    case TypeId::kStruct:
    case TypeId::kOpaque:
      return;
  }
}

}  // namespace kedge

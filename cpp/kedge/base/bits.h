// Single bits of Arrow bitmaps (least significant bit first) and the order of floating-point bits.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace kedge {

inline bool get_bit(const std::uint8_t* bitmap, std::size_t i) noexcept {
  return (bitmap[i >> 3] >> (i & 7)) & 1;
}
inline void set_bit(std::uint8_t* bitmap, std::size_t i) noexcept {
  bitmap[i >> 3] = static_cast<std::uint8_t>(bitmap[i >> 3] | (1u << (i & 7)));
}
// Bits of so many bytes that are 0 or 1, into memory that is zero.
void pack_bits(const std::uint8_t* bytes, std::size_t length, std::uint8_t* bitmap) noexcept;
constexpr std::size_t bitmap_bytes(std::size_t bits) noexcept { return bits / 8 + (bits % 8 != 0); }

// How many of the `length` bits from `offset` on are set.
std::size_t count_bits(const std::uint8_t* bitmap, std::size_t offset, std::size_t length) noexcept;

// The doubles in their own order as unsigned integers: a < b gives ordered(a) < ordered(b), and
// neighbours differ by one. -0.0 sits one below +0.0. NaN has no place in the order.
constexpr std::uint64_t ordered_bits(double value) noexcept {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  return bits >> 63 ? ~bits : bits | (std::uint64_t{1} << 63);
}
constexpr double from_ordered_bits(std::uint64_t ordered) noexcept {
  return std::bit_cast<double>(ordered >> 63 ? ordered ^ (std::uint64_t{1} << 63) : ~ordered);
}

// The smallest double above a finite `value`; both zeros are followed by the smallest denormal.
constexpr double next_up(double value) noexcept {
  return from_ordered_bits(ordered_bits(value + 0.0) + 1);
}

// The largest double below `value`, which is no NaN and not -infinity; both zeros follow the
// smallest denormal below them.
constexpr double next_down(double value) noexcept {
  return from_ordered_bits(ordered_bits(value == 0 ? -0.0 : value) - 1);
}
constexpr float next_down(float value) noexcept {
  if (value == 0) return -std::bit_cast<float>(1u);
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return std::bit_cast<float>(bits >> 31 ? bits + 1 : bits - 1);
}

// The smallest float at or above `value`; NaN for NaN.
constexpr float float_at_least(double value) noexcept {
  const auto rounded = static_cast<float>(value);
  if (rounded >= value) return rounded;
  const auto bits = std::bit_cast<std::uint32_t>(rounded);
  return std::bit_cast<float>(bits >> 31 ? bits - 1 : bits + 1);
}

}  // namespace kedge

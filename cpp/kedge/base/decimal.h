// Numbers as JSON spells them (RFC 8259): -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?, read in
// one pass and rounded to the nearest once, the same bits on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace kedge {

// A number that was spelled, before it is known what it shall become:
// (-1)^negative * digits * 10^exponent, but for digits beyond the nineteenth that count.
struct Decimal {
  std::string_view spelling;  // what it was read from, which must outlive it
  std::uint64_t digits = 0;
  std::int32_t exponent = 0;
  bool negative = false;
  bool whole = false;  // without point and exponent
  bool exact = true;   // no digit was left out

  // The integer; none when it is not whole, or beyond the type.
  std::optional<std::int64_t> int64() const noexcept;
  std::optional<std::uint64_t> uint64() const noexcept;
  // The nearest; none when it is beyond the largest.
  std::optional<double> float64() const noexcept;
  std::optional<float> float32() const noexcept;
};

// The longest number at the start of `text`; none when there is none. No allocation.
std::optional<Decimal> read_decimal(std::string_view text) noexcept;

}  // namespace kedge

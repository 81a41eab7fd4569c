// Numbers as 64 bits that order as they do, whatever their type.
#pragma once

#include <cstdint>
#include <optional>

#include "kedge/base/bits.h"
#include "kedge/window/piece.h"

namespace kedge {

// The image of a row's value; none of NaN. Both zeros have one image.
inline std::optional<std::uint64_t> ordered_image(const Values& values, std::size_t row,
                                                  bool is_unsigned) noexcept {
  if (values.integers != nullptr) {
    const std::uint64_t sign = is_unsigned ? 0 : std::uint64_t{1} << 63;
    return static_cast<std::uint64_t>(values.integers[row]) ^ sign;
  }
  const double value = values.doubles[row];
  if (value != value) return std::nullopt;
  return ordered_bits(value + 0.0);
}

}  // namespace kedge

// Which numbers a byte stands for.
#pragma once

#include <cstdint>
#include <span>

#include "kedge/score/quantize_graph.h"

namespace kedge {

// (byte - zero) * scale; zero itself is always one of them.
struct ByteRange {
  double scale = 1;
  std::int32_t zero = 0;

  float value(std::int32_t byte) const noexcept {
    return static_cast<float>((byte - zero) * scale);
  }
  std::uint8_t byte(double value) const noexcept;
};

// Of the values in `values`, all finite. Sorts them.
ByteRange byte_range(std::span<float> values, RangeRule calibration);

}  // namespace kedge

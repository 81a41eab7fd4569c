// One matrix of numbers laid out in memory in every way that Rows can describe.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include "kedge/score/rows.h"

namespace kedge::test {

enum class Layout { kByRow, kByColumn, kBackwards, kWithGaps };
inline constexpr Layout kLayouts[] = {Layout::kByRow, Layout::kByColumn, Layout::kBackwards,
                                      Layout::kWithGaps};

// Holds the memory that `rows` describes. With gaps, values lie at odd addresses.
template <class Value>
class Matrix {
 public:
  Matrix(const std::vector<double>& values, std::size_t width, Layout layout)
      : bytes_((values.size() + 1) * kMost) {
    const std::size_t count = values.size() / width;
    constexpr auto kSize = static_cast<std::ptrdiff_t>(sizeof(Value));
    const auto across = static_cast<std::ptrdiff_t>(width);
    const auto down = static_cast<std::ptrdiff_t>(count);
    rows.count = count;
    rows.is_float32 = std::is_same_v<Value, float>;
    rows.row_stride = across * kSize;
    rows.column_stride = kSize;
    std::ptrdiff_t start = 0;
    if (layout == Layout::kByColumn) {
      rows.row_stride = kSize;
      rows.column_stride = down * kSize;
    } else if (layout == Layout::kBackwards) {
      start = (across * down - 1) * kSize;
      rows.row_stride = -rows.row_stride;
      rows.column_stride = -kSize;
    } else if (layout == Layout::kWithGaps) {
      start = 1;
      rows.column_stride = 2 * kSize + 1;
      rows.row_stride = across * rows.column_stride;
    }
    std::byte* const first = bytes_.data() + (count == 0 ? 0 : start);
    rows.data = first;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto value = static_cast<Value>(values[i]);
      std::memcpy(first + static_cast<std::ptrdiff_t>(i / width) * rows.row_stride +
                      static_cast<std::ptrdiff_t>(i % width) * rows.column_stride,
                  &value, sizeof value);
    }
  }
  Matrix(const Matrix&) = delete;
  Matrix& operator=(const Matrix&) = delete;

  Rows rows;

 private:
  static constexpr std::size_t kMost = 2 * sizeof(double) + 1;
  std::vector<std::byte> bytes_;
};

// One NaN is as good as another.
inline bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) ||
         (std::isnan(a) && std::isnan(b));
}

}  // namespace kedge::test

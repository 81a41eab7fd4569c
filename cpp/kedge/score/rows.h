// A matrix of numbers that somebody else holds, rows and columns at any distance.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

namespace kedge {

struct Rows {
  const std::byte* data = nullptr;
  std::size_t count = 0;
  std::ptrdiff_t row_stride = 0;  // in bytes
  std::ptrdiff_t column_stride = 0;
  bool is_float32 = false;  // double otherwise

  template <class Value>
  Value at(std::size_t row, std::size_t column) const noexcept {
    Value value;
    std::memcpy(&value,
                data + static_cast<std::ptrdiff_t>(row) * row_stride +
                    static_cast<std::ptrdiff_t>(column) * column_stride,
                sizeof value);
    return value;
  }
  double value(std::size_t row, std::size_t column) const noexcept {
    return is_float32 ? double{at<float>(row, column)} : at<double>(row, column);
  }
  Rows from(std::size_t row, std::size_t length) const noexcept {
    Rows part = *this;
    part.data += static_cast<std::ptrdiff_t>(row) * row_stride;
    part.count = length;
    return part;
  }
};

// Behind what `out` has: row after row, the first so many columns of each.
inline void append_values(const Rows& rows, std::size_t columns, std::vector<double>& out) {
  std::size_t at = out.size();
  out.resize(at + rows.count * columns);
  for (std::size_t row = 0; row < rows.count; ++row) {
    for (std::size_t k = 0; k < columns; ++k) out[at++] = rows.value(row, k);
  }
}

// Rows of so many values each, one after the other.
inline Rows rows_of(std::span<const double> values, std::size_t width) noexcept {
  Rows rows;
  rows.data = reinterpret_cast<const std::byte*>(values.data());
  rows.count = values.size() / width;
  rows.row_stride = static_cast<std::ptrdiff_t>(width * sizeof(double));
  rows.column_stride = sizeof(double);
  return rows;
}

// Columns of so many values each, one after the other.
inline Rows columns_of(std::span<const double> values, std::size_t count) noexcept {
  Rows rows;
  rows.data = reinterpret_cast<const std::byte*>(values.data());
  rows.count = count;
  rows.row_stride = sizeof(double);
  rows.column_stride = static_cast<std::ptrdiff_t>(count * sizeof(double));
  return rows;
}

}  // namespace kedge

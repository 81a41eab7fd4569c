// How often each latency came, to within a 128th of it, from a nanosecond to 36 minutes, in fixed
// memory: an octave has 128 cells, and below 256 ns each nanosecond has its own. Counts add.
//
// One writer, or many readers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace kedge {

// Latencies of 2^41 ns and more are in the last cell, which has no bound.
inline constexpr unsigned kLatencyOctaves = 41;
inline constexpr unsigned kLatencyCellBits = 7;
inline constexpr std::size_t kLatencyCells =
    (std::size_t{kLatencyOctaves - kLatencyCellBits + 1} << kLatencyCellBits);

// Below zero is zero: a clock that went back.
std::size_t latency_cell(std::int64_t ns) noexcept;

// The largest latency of a cell; of the last one, the least.
std::int64_t latency_cell_bound(std::size_t cell) noexcept;

class LatencyHistogram {
 public:
  void record(std::int64_t ns) noexcept { ++counts_[latency_cell(ns)]; }
  void merge(const LatencyHistogram& other) noexcept;
  std::span<const std::uint64_t, kLatencyCells> counts() const noexcept { return counts_; }

 private:
  std::array<std::uint64_t, kLatencyCells> counts_{};
};

}  // namespace kedge

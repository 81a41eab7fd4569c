#include "kedge/sla/latency_histogram.h"

#include <algorithm>
#include <bit>

namespace kedge {
namespace {

constexpr std::size_t kOctave = std::size_t{1} << kLatencyCellBits;

}  // namespace

std::size_t latency_cell(std::int64_t ns) noexcept {
  const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(ns, 0));
  if (value < 2 * kOctave) return static_cast<std::size_t>(value);
  const auto shift = static_cast<unsigned>(std::bit_width(value)) - kLatencyCellBits - 1;
  const std::size_t cell = shift * kOctave + static_cast<std::size_t>(value >> shift);
  return std::min(cell, kLatencyCells - 1);
}

std::int64_t latency_cell_bound(std::size_t cell) noexcept {
  if (cell >= kLatencyCells - 1) return latency_cell_bound(kLatencyCells - 2) + 1;
  if (cell < 2 * kOctave) return static_cast<std::int64_t>(cell);
  const auto shift = static_cast<unsigned>(cell / kOctave) - 1;
  const std::uint64_t least = (std::uint64_t{kOctave} + cell % kOctave) << shift;
  return static_cast<std::int64_t>(least + (std::uint64_t{1} << shift) - 1);
}

void LatencyHistogram::merge(const LatencyHistogram& other) noexcept {
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
}

}  // namespace kedge

// Cells for scores from 0 to 1: 256 to each halving of the distance to the nearer end, so that
// scores crowded near 0 or 1, as those of rare classes are, still fall apart.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace kedge {

namespace score_detail {

inline constexpr unsigned kShift = 52 - 8;  // what is left of a double's bits: 256 an octave
// Scores below 2^-14 share the first cell, those as near to 1 the last one.
inline constexpr std::uint64_t kFirst = std::bit_cast<std::uint64_t>(0x1p-14) >> kShift;
inline constexpr std::uint64_t kHalf = std::bit_cast<std::uint64_t>(0.5) >> kShift;

inline std::size_t side_cell(double distance) noexcept {
  const std::uint64_t cell = std::bit_cast<std::uint64_t>(distance) >> kShift;
  return cell < kFirst ? 0 : static_cast<std::size_t>(cell - kFirst) + 1;
}

}  // namespace score_detail

// 0.5 has the middle cell for itself.
inline constexpr std::size_t kPointCell =
    static_cast<std::size_t>(score_detail::kHalf - score_detail::kFirst + 1);
inline constexpr std::size_t kScoreCells = 2 * kPointCell + 1;

// The cell of a score, 0 <= score <= 1; never falls when the score rises.
inline std::size_t score_cell(double score) noexcept {
  // 1 - score is exact on the upper side. The sign of -0 would be the highest bit.
  return score <= 0.5 ? score_detail::side_cell(score + 0.0)
                      : kScoreCells - 1 - score_detail::side_cell(1 - score);
}

// A score of the cell: half way between its ends.
inline double score_in_cell(std::size_t cell) noexcept {
  if (cell == kPointCell) return 0.5;
  if (cell > kPointCell) return 1 - score_in_cell(kScoreCells - 1 - cell);
  if (cell == 0) return 0x1p-15;
  const std::uint64_t first = score_detail::kFirst + cell - 1;
  return std::bit_cast<double>(first << score_detail::kShift | std::uint64_t{1}
                                                                   << (score_detail::kShift - 1));
}

}  // namespace kedge

#include "kedge/sketch/row_sample.h"

#include <algorithm>

#include "kedge/base/random.h"

namespace kedge {
namespace {

// Which half of a span of 2^level rows holds its chosen row.
std::uint64_t upper_half(std::uint64_t span, unsigned level) noexcept {
  return mix_bits(span * 64 + level) & 1;
}

std::uint64_t chosen_in(std::uint64_t span, unsigned level) noexcept {
  for (; level > 0; --level) span = 2 * span + upper_half(span, level);
  return span;
}

}  // namespace

bool RowSample::is_chosen(std::uint64_t row, unsigned from_level) const noexcept {
  for (unsigned level = from_level + 1; level <= level_; ++level) {
    if (((row >> (level - 1)) & 1) != upper_half(row >> level, level)) return false;
  }
  return true;
}

void RowSample::extend(std::uint64_t rows, std::vector<std::size_t>& kept,
                       std::vector<std::size_t>& chosen) {
  kept.clear();
  chosen.clear();
  const unsigned level_before = level_;
  while (total_ + rows > std::uint64_t{most_rows_} << level_) ++level_;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (is_chosen(rows_[i], level_before)) kept.push_back(i);
  }
  for (std::size_t i = 0; i < kept.size(); ++i) rows_[i] = rows_[kept[i]];
  rows_.resize(kept.size());
  const std::uint64_t end = total_ + rows;
  for (std::uint64_t span = total_ >> level_; span << level_ < end; ++span) {
    const std::uint64_t row = chosen_in(span, level_);
    if (row < total_ || row >= end) continue;
    chosen.push_back(static_cast<std::size_t>(row - total_));
    rows_.push_back(row);
  }
  total_ = end;
}

}  // namespace kedge

// Values added to the running summary of whoever they belong to, each row to another one: count,
// sum, sum of squares, least and greatest. Sums are carried in two doubles, so that they are right
// to twice a double's digits however many rows there are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kedge/base/cpu.h"

namespace kedge {

// What a summary holds beside the count, which is always there.
enum class SummaryParts : std::uint8_t {
  kSum,
  kMoments,
  kExtremes,
  kSumExtremes,
  kMomentsExtremes
};
inline constexpr std::size_t kSummaryParts = 5;

constexpr bool has_sum(SummaryParts parts) noexcept { return parts != SummaryParts::kExtremes; }
constexpr bool has_squares(SummaryParts parts) noexcept {
  return parts == SummaryParts::kMoments || parts == SummaryParts::kMomentsExtremes;
}
constexpr bool has_extremes(SummaryParts parts) noexcept {
  return parts >= SummaryParts::kExtremes;
}

// Where each part lies, in words of eight bytes behind the count: sum and its rest, or sum, sum of
// squares and their rests; then the greatest of -value and of value, -infinity at first.
constexpr std::size_t rest_word(SummaryParts parts) noexcept { return has_squares(parts) ? 3 : 2; }
constexpr std::size_t extremes_word(SummaryParts parts) noexcept {
  return has_squares(parts) ? 5 : has_sum(parts) ? 3 : 1;
}
constexpr std::size_t summary_words(SummaryParts parts) noexcept {
  return extremes_word(parts) + (has_extremes(parts) ? 2 : 0);
}

struct SummaryRows {
  std::byte* const* states;  // of each row
  std::size_t offset;        // of the summary in a state; all are aligned to eight bytes
  const double* values;
  const std::uint8_t* keep;  // a byte for each row, 0 for one that does not count; absent: all do
  std::byte* sink;           // a state for those
  std::size_t length;
};

// Rows in order: two rows of one state add up as they come. NaN is no extreme. Every variant gives
// the same bits.
using SummarizeKernel = void (*)(const SummaryRows& rows);

struct SummarizeVariant {
  Isa isa;
  SummarizeKernel of[kSummaryParts];
};

// Row 0 is the scalar reference.
std::span<const SummarizeVariant> summarize_variants() noexcept;

SummarizeVariant summarize_scalar() noexcept;
#if defined(__x86_64__)
SummarizeVariant summarize_avx2() noexcept;
#endif

}  // namespace kedge

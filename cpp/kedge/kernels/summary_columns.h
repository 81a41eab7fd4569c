// Summaries as kernels/summarize.h lays them out, but word by word: the counts of many of them side
// by side, then their sums, and so on. Merges and answers are then the same few operations on
// neighbours. Sums come out with the bits that merging one summary after the other gives.
#pragma once

#include "kedge/kernels/summarize.h"

namespace kedge {

// Word w of number i is at `first + w * pitch + 8 * i`.
struct WordColumns {
  std::byte* first = nullptr;
  std::size_t pitch = 0;  // bytes from one word's column to the next one's

  template <class T>
  T* word(std::size_t w) const noexcept {
    return reinterpret_cast<T*>(first + w * pitch);
  }
  WordColumns from(std::size_t i) const noexcept { return {first + i * sizeof(double), pitch}; }
  WordColumns from_word(std::size_t w) const noexcept { return {first + w * pitch, pitch}; }
};

struct SummaryMerges {
  // What each row is by itself; `keep` as SummaryRows has it.
  void (*single)(const WordColumns& to, const double* values, const std::uint8_t* keep,
                 std::size_t length);
  // Each gets what all before it have, ahead of its own.
  void (*sum_forward)(const WordColumns& columns, std::size_t length);
  // Each gets what all behind it have, after its own.
  void (*sum_backward)(const WordColumns& columns, std::size_t length);
  // Each gets what its own one in `before` has, or all get what the first one there has.
  void (*prepend_each)(const WordColumns& into, const WordColumns& before, std::size_t length);
  void (*prepend_one)(const WordColumns& into, const WordColumns& before, std::size_t length);
};

// `rest` and `extremes` are the words where summarize.h has them.
//
// Bits of a double for each summary, and a byte: 0 for null. Every NaN has the same bits.
struct SummaryAnswers {
  void (*sum)(const WordColumns& columns, std::size_t rest, std::size_t length,
              std::uint64_t* values, std::uint8_t* valid);
  void (*mean)(const WordColumns& columns, std::size_t rest, std::size_t length,
               std::uint64_t* values, std::uint8_t* valid);
  // Of columns with squares: null unless there are more than `ddof` values.
  void (*variance)(const WordColumns& columns, double ddof, std::size_t length,
                   std::uint64_t* values, std::uint8_t* valid);
  void (*stddev)(const WordColumns& columns, double ddof, std::size_t length, std::uint64_t* values,
                 std::uint8_t* valid);
  // NaN when there was nothing but NaN.
  void (*least)(const WordColumns& columns, std::size_t extremes, std::size_t length,
                std::uint64_t* values, std::uint8_t* valid);
  void (*greatest)(const WordColumns& columns, std::size_t extremes, std::size_t length,
                   std::uint64_t* values, std::uint8_t* valid);
};

struct SummaryColumnsVariant {
  Isa isa;
  SummaryAnswers answers;
  SummaryMerges count;  // of nothing but a count
  SummaryMerges of[kSummaryParts];
};

// Row 0 is the scalar reference.
std::span<const SummaryColumnsVariant> summary_columns_variants() noexcept;

SummaryColumnsVariant summary_columns_scalar() noexcept;
#if defined(__x86_64__)
SummaryColumnsVariant summary_columns_avx2() noexcept;
SummaryColumnsVariant summary_columns_avx512() noexcept;
#endif

}  // namespace kedge

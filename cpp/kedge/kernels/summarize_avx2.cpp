#if defined(__x86_64__)
#include <immintrin.h>

#include "kedge/kernels/summarize.h"

#define KEDGE_TARGET __attribute__((target("avx2,fma")))

namespace kedge {
namespace {

// Sum and sum of squares side by side in one register.
KEDGE_TARGET inline void add_moments(double* words, __m128d value) {
  const __m128d squares = _mm_mul_pd(value, value);
  const __m128d rest_of_squares = _mm_fmsub_pd(value, value, squares);
  const __m128d terms = _mm_blend_pd(value, squares, 2);
  // The value itself has no rest: a zero there adds nothing.
  const __m128d term_rests = _mm_blend_pd(_mm_setzero_pd(), rest_of_squares, 2);
  const __m128d before = _mm_loadu_pd(words + 1);
  const __m128d sums = _mm_add_pd(before, terms);
  const __m128d added = _mm_sub_pd(sums, before);
  const __m128d rests =
      _mm_add_pd(_mm_sub_pd(before, _mm_sub_pd(sums, added)), _mm_sub_pd(terms, added));
  _mm_storeu_pd(words + 1, sums);
  _mm_storeu_pd(words + 3, _mm_add_pd(_mm_loadu_pd(words + 3), _mm_add_pd(rests, term_rests)));
}

KEDGE_TARGET inline void add_sum(double* words, double value) {
  const double before = words[1];
  const double sum = before + value;
  const double added = sum - before;
  words[1] = sum;
  words[2] += (before - (sum - added)) + (value - added);
}

KEDGE_TARGET inline void add_extremes(double* extremes, __m128d value) {
  const __m128d both = _mm_xor_pd(value, _mm_setr_pd(-0.0, 0.0));
  // The second operand is the one that is kept when either is NaN or both are zeros.
  _mm_storeu_pd(extremes, _mm_max_pd(both, _mm_loadu_pd(extremes)));
}

template <SummaryParts kParts, bool kAll>
KEDGE_TARGET inline void summarize_rows(const SummaryRows& rows) {
  for (std::size_t i = 0; i < rows.length; ++i) {
    std::byte* const state = (kAll || rows.keep[i] != 0 ? rows.states[i] : rows.sink) + rows.offset;
    ++*reinterpret_cast<std::uint64_t*>(state);
    auto* words = reinterpret_cast<double*>(state);
    const __m128d value = _mm_set1_pd(rows.values[i]);
    if constexpr (has_squares(kParts)) {
      add_moments(words, value);
    } else if constexpr (has_sum(kParts)) {
      add_sum(words, rows.values[i]);
    }
    if constexpr (has_extremes(kParts)) add_extremes(words + extremes_word(kParts), value);
  }
}

template <SummaryParts kParts>
KEDGE_TARGET void summarize(const SummaryRows& rows) {
  if (rows.keep == nullptr) return summarize_rows<kParts, true>(rows);
  summarize_rows<kParts, false>(rows);
}

}  // namespace

SummarizeVariant summarize_avx2() noexcept {
  return {Isa::kAvx2,
          {&summarize<SummaryParts::kSum>, &summarize<SummaryParts::kMoments>,
           &summarize<SummaryParts::kExtremes>, &summarize<SummaryParts::kSumExtremes>,
           &summarize<SummaryParts::kMomentsExtremes>}};
}

}  // namespace kedge
#endif

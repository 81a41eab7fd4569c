#if defined(__x86_64__)

#include "kedge/kernels/rank.h"

#include <immintrin.h>

#define KEDGE_TARGET __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,popcnt")))

namespace kedge {
namespace {

constexpr std::uint32_t kRegisterLevels = 6;

// The first six levels of a heap of floats in four registers: 1 to 15, 16 to 31, 32 to 63.
struct Top {
  __m512 first, fifth, low, high;
  KEDGE_TARGET explicit Top(const float* cuts)
      : first(_mm512_loadu_ps(cuts)),
        fifth(_mm512_loadu_ps(cuts + 16)),
        low(_mm512_loadu_ps(cuts + 32)),
        high(_mm512_loadu_ps(cuts + 48)) {}
  KEDGE_TARGET __m512 at(std::uint32_t level, __m512i at) const {
    if (level < 4) return _mm512_permutexvar_ps(at, first);
    if (level == 4) return _mm512_permutexvar_ps(at, fifth);
    return _mm512_permutex2var_ps(low, at, high);
  }
};

KEDGE_TARGET inline __m512i step(__m512i at, __m512 value, __m512 cut) {
  const __mmask16 reached = _mm512_cmp_ps_mask(value, cut, _CMP_GE_OQ);
  const __m512i twice = _mm512_add_epi32(at, at);
  return _mm512_mask_add_epi32(twice, reached, twice, _mm512_set1_epi32(1));
}

KEDGE_TARGET inline __m512i step(__m512i at, __m512d low, __m512d high, const double* cuts) {
  const __m512d low_cut = _mm512_i32gather_pd(_mm512_castsi512_si256(at), cuts, 8);
  const __m512d high_cut = _mm512_i32gather_pd(_mm512_extracti64x4_epi64(at, 1), cuts, 8);
  const __mmask8 low_reached = _mm512_cmp_pd_mask(low, low_cut, _CMP_GE_OQ);
  const __mmask8 high_reached = _mm512_cmp_pd_mask(high, high_cut, _CMP_GE_OQ);
  const __m512i twice = _mm512_add_epi32(at, at);
  return _mm512_mask_add_epi32(twice, _mm512_kunpackb(high_reached, low_reached), twice,
                               _mm512_set1_epi32(1));
}

// Four registers of sixteen at a time, so that their steps overlap.
KEDGE_TARGET void rank_f32(const CutHeap<float>& heap, const float* values, std::uint32_t* ranks) {
  const Top top(heap.cuts);
  __m512 value[4];
  __m512i at[4];
  for (int i = 0; i < 4; ++i) {
    value[i] = _mm512_loadu_ps(values + 16 * i);
    at[i] = _mm512_set1_epi32(1);
  }
  std::uint32_t level = 0;
  for (; level < heap.levels && level < kRegisterLevels; ++level) {
    for (int i = 0; i < 4; ++i) at[i] = step(at[i], value[i], top.at(level, at[i]));
  }
  for (; level < heap.levels; ++level) {
    for (int i = 0; i < 4; ++i) {
      at[i] = step(at[i], value[i], _mm512_i32gather_ps(at[i], heap.cuts, 4));
    }
  }
  const __m512i first = _mm512_set1_epi32(static_cast<int>(1u << heap.levels));
  for (int i = 0; i < 4; ++i) {
    _mm512_storeu_si512(ranks + 16 * i, _mm512_sub_epi32(at[i], first));
  }
}

KEDGE_TARGET void rank_f64(const CutHeap<double>& heap, const double* values,
                           std::uint32_t* ranks) {
  __m512d low[4], high[4];
  __m512i at[4];
  for (int i = 0; i < 4; ++i) {
    low[i] = _mm512_loadu_pd(values + 16 * i);
    high[i] = _mm512_loadu_pd(values + 16 * i + 8);
    at[i] = _mm512_set1_epi32(1);
  }
  for (std::uint32_t level = 0; level < heap.levels; ++level) {
    for (int i = 0; i < 4; ++i) at[i] = step(at[i], low[i], high[i], heap.cuts);
  }
  const __m512i first = _mm512_set1_epi32(static_cast<int>(1u << heap.levels));
  for (int i = 0; i < 4; ++i) {
    _mm512_storeu_si512(ranks + 16 * i, _mm512_sub_epi32(at[i], first));
  }
}

KEDGE_TARGET inline std::uint32_t reached(float value, const float* block) {
  const __m512 cuts = _mm512_loadu_ps(block);
  return static_cast<std::uint32_t>(
      __builtin_popcount(_mm512_cmp_ps_mask(_mm512_set1_ps(value), cuts, _CMP_GE_OQ)));
}
KEDGE_TARGET inline std::uint32_t reached(double value, const double* block) {
  const __m512d all = _mm512_set1_pd(value);
  const __mmask8 low = _mm512_cmp_pd_mask(all, _mm512_loadu_pd(block), _CMP_GE_OQ);
  const __mmask8 high = _mm512_cmp_pd_mask(all, _mm512_loadu_pd(block + 8), _CMP_GE_OQ);
  return static_cast<std::uint32_t>(__builtin_popcount(_mm512_kunpackb(high, low)));
}

#include "kedge/kernels/rank_fan_loop.h"

}  // namespace

RankVariant rank_avx512() noexcept {
  return {Isa::kAvx512, rank_f32, rank_f64, fan_ranks<float>, fan_ranks<double>};
}

}  // namespace kedge

#endif

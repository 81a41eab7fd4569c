#if defined(__x86_64__)

#include "kedge/kernels/rank.h"

#include <immintrin.h>

#define KEDGE_TARGET __attribute__((target("avx2,popcnt")))

namespace kedge {
namespace {

KEDGE_TARGET inline std::uint32_t reached(float value, const float* block) {
  const __m256 all = _mm256_set1_ps(value);
  const int low = _mm256_movemask_ps(_mm256_cmp_ps(all, _mm256_loadu_ps(block), _CMP_GE_OQ));
  const int high = _mm256_movemask_ps(_mm256_cmp_ps(all, _mm256_loadu_ps(block + 8), _CMP_GE_OQ));
  return static_cast<std::uint32_t>(__builtin_popcount(static_cast<unsigned>(high << 8 | low)));
}
KEDGE_TARGET inline std::uint32_t reached(double value, const double* block) {
  const __m256d all = _mm256_set1_pd(value);
  int bits = 0;
  for (int i = 0; i < 4; ++i) {
    const __m256d cuts = _mm256_loadu_pd(block + 4 * i);
    bits |= _mm256_movemask_pd(_mm256_cmp_pd(all, cuts, _CMP_GE_OQ)) << (4 * i);
  }
  return static_cast<std::uint32_t>(__builtin_popcount(static_cast<unsigned>(bits)));
}

#include "kedge/kernels/rank_fan_loop.h"

}  // namespace

RankVariant rank_avx2() noexcept {
  RankVariant variant = rank_scalar();
  variant.isa = Isa::kAvx2;
  variant.fan_f32 = fan_ranks<float>;
  variant.fan_f64 = fan_ranks<double>;
  return variant;
}

}  // namespace kedge

#endif

#if defined(__x86_64__)

#include "kedge/kernels/dense.h"

#include <immintrin.h>

#define KEDGE_TARGET __attribute__((target("avx2,fma")))

namespace kedge {
namespace {

struct FloatPanel {
  static constexpr std::size_t kTileRows = 6;
  static constexpr std::size_t kTilePanels = 1;
  static constexpr std::size_t kRowPanels = 4;
  __m256 low;
  __m256 high;

  KEDGE_TARGET static FloatPanel load(const float* from) {
    return {_mm256_loadu_ps(from), _mm256_loadu_ps(from + 8)};
  }
  KEDGE_TARGET void add_product(float x, const FloatPanel& factors) {
    const __m256 all = _mm256_set1_ps(x);
    low = _mm256_fmadd_ps(all, factors.low, low);
    high = _mm256_fmadd_ps(all, factors.high, high);
  }
  // Of two zeros, or with NaN, the second operand is the answer.
  KEDGE_TARGET void keep_positive() {
    low = _mm256_max_ps(_mm256_setzero_ps(), low);
    high = _mm256_max_ps(_mm256_setzero_ps(), high);
  }
  KEDGE_TARGET void store(float* to) const {
    _mm256_storeu_ps(to, low);
    _mm256_storeu_ps(to + 8, high);
  }
};

struct DoublePanel {
  static constexpr std::size_t kTileRows = 6;
  static constexpr std::size_t kTilePanels = 1;
  static constexpr std::size_t kRowPanels = 4;
  __m256d low;
  __m256d high;

  KEDGE_TARGET static DoublePanel load(const double* from) {
    return {_mm256_loadu_pd(from), _mm256_loadu_pd(from + 4)};
  }
  KEDGE_TARGET void add_product(double x, const DoublePanel& factors) {
    const __m256d all = _mm256_set1_pd(x);
    low = _mm256_add_pd(low, _mm256_mul_pd(all, factors.low));
    high = _mm256_add_pd(high, _mm256_mul_pd(all, factors.high));
  }
  KEDGE_TARGET void keep_positive() {
    low = _mm256_max_pd(_mm256_setzero_pd(), low);
    high = _mm256_max_pd(_mm256_setzero_pd(), high);
  }
  KEDGE_TARGET void store(double* to) const {
    _mm256_storeu_pd(to, low);
    _mm256_storeu_pd(to + 4, high);
  }
};

#include "kedge/kernels/dense_loop.h"

}  // namespace

DenseVariant dense_avx2() noexcept {
  return {Isa::kAvx2, multiply<FloatPanel, float>, multiply<DoublePanel, double>};
}

}  // namespace kedge

#endif

#if defined(__x86_64__)

#include "kedge/kernels/dense.h"

#include <immintrin.h>

#define KEDGE_TARGET __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,fma")))

namespace kedge {
namespace {

struct FloatPanel {
  static constexpr std::size_t kTileRows = 12;
  static constexpr std::size_t kTilePanels = 2;
  static constexpr std::size_t kRowPanels = 8;
  __m512 lanes;

  KEDGE_TARGET static FloatPanel load(const float* from) { return {_mm512_loadu_ps(from)}; }
  KEDGE_TARGET void add_product(float x, const FloatPanel& factors) {
    lanes = _mm512_fmadd_ps(_mm512_set1_ps(x), factors.lanes, lanes);
  }
  // Of two zeros, or with NaN, the second operand is the answer.
  KEDGE_TARGET void keep_positive() { lanes = _mm512_max_ps(_mm512_setzero_ps(), lanes); }
  KEDGE_TARGET void store(float* to) const { _mm512_storeu_ps(to, lanes); }
};

struct DoublePanel {
  static constexpr std::size_t kTileRows = 12;
  static constexpr std::size_t kTilePanels = 2;
  static constexpr std::size_t kRowPanels = 8;
  __m512d lanes;

  KEDGE_TARGET static DoublePanel load(const double* from) { return {_mm512_loadu_pd(from)}; }
  KEDGE_TARGET void add_product(double x, const DoublePanel& factors) {
    lanes = _mm512_add_pd(lanes, _mm512_mul_pd(_mm512_set1_pd(x), factors.lanes));
  }
  KEDGE_TARGET void keep_positive() { lanes = _mm512_max_pd(_mm512_setzero_pd(), lanes); }
  KEDGE_TARGET void store(double* to) const { _mm512_storeu_pd(to, lanes); }
};

#include "kedge/kernels/dense_loop.h"

}  // namespace

DenseVariant dense_avx512() noexcept {
  return {Isa::kAvx512, multiply<FloatPanel, float>, multiply<DoublePanel, double>};
}

}  // namespace kedge

#endif

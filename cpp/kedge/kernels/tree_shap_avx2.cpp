#if defined(__x86_64__)

#include "kedge/kernels/tree_shap.h"

#include <immintrin.h>

#define KEDGE_TARGET __attribute__((target("avx2")))

namespace kedge {
namespace {

using Lanes = double __attribute__((vector_size(32), may_alias));
using Pack [[gnu::aligned(8), gnu::may_alias]] = double __attribute__((vector_size(32)));
using Pick = __m256d;
constexpr std::size_t kLanes = 4;

KEDGE_TARGET inline Pick pick(std::uint64_t bits) {
  const __m256i each = _mm256_set_epi64x(8, 4, 2, 1);
  const __m256i set = _mm256_and_si256(_mm256_set1_epi64x(static_cast<long long>(bits)), each);
  return _mm256_castsi256_pd(_mm256_cmpeq_epi64(set, each));
}
KEDGE_TARGET inline Lanes select(Pick pick, Lanes a, Lanes b) {
  return _mm256_blendv_pd(b, a, pick);
}
KEDGE_TARGET inline Lanes every(double x) { return _mm256_set1_pd(x); }
KEDGE_TARGET inline Lanes only(Pick pick, double x) {
  return _mm256_and_pd(pick, _mm256_set1_pd(x));
}
// Codes and tests are below 2^31.
KEDGE_TARGET inline std::uint64_t right_of(const std::uint32_t* codes, std::uint32_t test) {
  const __m256i limit = _mm256_set1_epi32(static_cast<int>(test));
  std::uint64_t bits = 0;
  for (std::size_t j = 0; j < kBlockRows; j += 8) {
    const __m256i code = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes + j));
    const __m256 above = _mm256_castsi256_ps(_mm256_cmpgt_epi32(code, limit));
    bits |= std::uint64_t{static_cast<std::uint32_t>(_mm256_movemask_ps(above))} << j;
  }
  return bits;
}

KEDGE_TARGET inline double total(const Pack* four) {
  return ((*four)[0] + (*four)[2]) + ((*four)[1] + (*four)[3]);
}

#include "kedge/kernels/tree_shap_loop.h"
#include "kedge/kernels/tree_shap_row_loop.h"

}  // namespace

ShapVariant tree_shap_avx2() noexcept {
  return {Isa::kAvx2, ask_block, explain_block, explain_row};
}

}  // namespace kedge

#endif

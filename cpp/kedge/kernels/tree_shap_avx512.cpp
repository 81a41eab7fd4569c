#if defined(__x86_64__)

#include "kedge/kernels/tree_shap.h"

#include <immintrin.h>

#define KEDGE_TARGET __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl")))

namespace kedge {
namespace {

using Lanes = double __attribute__((vector_size(64), may_alias));
using Pack [[gnu::aligned(8), gnu::may_alias]] = double __attribute__((vector_size(32)));
using Pick = __mmask8;
constexpr std::size_t kLanes = 8;

KEDGE_TARGET inline Pick pick(std::uint64_t bits) { return static_cast<Pick>(bits); }
KEDGE_TARGET inline Lanes select(Pick pick, Lanes a, Lanes b) {
  return _mm512_mask_blend_pd(pick, b, a);
}
KEDGE_TARGET inline Lanes every(double x) { return _mm512_set1_pd(x); }
KEDGE_TARGET inline Lanes only(Pick pick, double x) {
  return _mm512_maskz_mov_pd(pick, _mm512_set1_pd(x));
}
KEDGE_TARGET inline std::uint64_t right_of(const std::uint32_t* codes, std::uint32_t test) {
  const __m512i limit = _mm512_set1_epi32(static_cast<int>(test));
  std::uint64_t bits = 0;
  for (std::size_t j = 0; j < kBlockRows; j += 16) {
    bits |= std::uint64_t{_mm512_cmpgt_epu32_mask(_mm512_loadu_si512(codes + j), limit)} << j;
  }
  return bits;
}

KEDGE_TARGET inline double total(const Pack* four) {
  return ((*four)[0] + (*four)[2]) + ((*four)[1] + (*four)[3]);
}
#include "kedge/kernels/tree_shap_loop.h"
#include "kedge/kernels/tree_shap_row_loop.h"

}  // namespace

ShapVariant tree_shap_avx512() noexcept {
  return {Isa::kAvx512, ask_block, explain_block, explain_row};
}

}  // namespace kedge

#endif

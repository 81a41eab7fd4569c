#if defined(__x86_64__)

#include "kedge/kernels/dense_int16.h"

#include <immintrin.h>

#define KEDGE_TARGET __attribute__((target("avx2")))

namespace kedge {
namespace {

struct BlockSums {
  __m256i low;
  __m256i high;

  KEDGE_TARGET static __m256i line(const std::int16_t* from) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(from));
  }
  KEDGE_TARGET void add_products(const std::int16_t* x, const std::int16_t* weights) {
    std::int32_t pair;
    __builtin_memcpy(&pair, x, sizeof(pair));
    const __m256i both = _mm256_set1_epi32(pair);
    low = _mm256_add_epi32(low, _mm256_madd_epi16(both, line(weights)));
    high = _mm256_add_epi32(high, _mm256_madd_epi16(both, line(weights + kInt16Lanes)));
  }
  KEDGE_TARGET static void add_four(__m128i four, std::int64_t* sums) {
    auto* to = reinterpret_cast<__m256i*>(sums);
    _mm256_storeu_si256(to, _mm256_add_epi64(_mm256_loadu_si256(to), _mm256_cvtepi32_epi64(four)));
  }
  KEDGE_TARGET void add_to(std::int64_t* sums) const {
    add_four(_mm256_castsi256_si128(low), sums);
    add_four(_mm256_extracti128_si256(low, 1), sums + 4);
    add_four(_mm256_castsi256_si128(high), sums + 8);
    add_four(_mm256_extracti128_si256(high, 1), sums + 12);
  }
};

#include "kedge/kernels/dense_int16_loop.h"

}  // namespace

Int16Variant dense_int16_avx2() noexcept {
  return {Isa::kAvx2, multiply<true>, multiply<false>, quantize_rows};
}

}  // namespace kedge

#endif

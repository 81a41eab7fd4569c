#if defined(__x86_64__)

#include "kedge/kernels/tree_slice.h"

#include <immintrin.h>

#define KEDGE_TARGET __attribute__((target("avx2,popcnt")))

namespace kedge {
namespace {

KEDGE_TARGET inline void look_up(const SliceSet& set, const std::uint8_t* high,
                                 const std::uint8_t* low, std::uint8_t* out) {
  const __m256i bits =
      _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(set.bits)));
  for (std::size_t j = 0; j < kBlockRows; j += 32) {
    const __m256i byte =
        _mm256_shuffle_epi8(bits, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(high + j)));
    const __m256i bit = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(low + j));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + j), _mm256_and_si256(byte, bit));
  }
}

#include "kedge/kernels/tree_slice_loop.h"

}  // namespace

SliceVariant tree_slice_avx2() noexcept {
  return {Isa::kAvx2, add_trees<double>, add_trees<float>};
}

}  // namespace kedge

#endif

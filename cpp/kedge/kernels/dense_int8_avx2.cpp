#if defined(__x86_64__)

#include "kedge/kernels/dense_int8.h"

#include <immintrin.h>

#define KEDGE_TARGET __attribute__((target("avx2")))

namespace kedge {
namespace {

constexpr std::size_t kTileRows = 3;
constexpr std::size_t kTilePanels = 1;
constexpr std::size_t kRowSplit = 2;

// Every second byte, zeros between: two products that are added in 16 bits would saturate.
struct Values {
  __m256i even;
  __m256i odd;
};

struct Sums {
  __m256i low;
  __m256i high;

  KEDGE_TARGET static __m256i line(const void* from) {
    return _mm256_load_si256(static_cast<const __m256i*>(from));
  }
  KEDGE_TARGET static Sums load(const std::int32_t* from) { return {line(from), line(from + 8)}; }
  KEDGE_TARGET static Sums zero() { return {_mm256_setzero_si256(), _mm256_setzero_si256()}; }
  KEDGE_TARGET static Values spread(const std::uint8_t* x) {
    std::int32_t four;
    __builtin_memcpy(&four, x, 4);
    const __m256i all = _mm256_set1_epi32(four);
    const __m256i mask = _mm256_set1_epi16(0xff);
    return {_mm256_and_si256(all, mask), _mm256_andnot_si256(mask, all)};
  }
  KEDGE_TARGET static __m256i products(const Values& x, __m256i weights) {
    const __m256i ones = _mm256_set1_epi16(1);
    const __m256i even = _mm256_madd_epi16(_mm256_maddubs_epi16(x.even, weights), ones);
    const __m256i odd = _mm256_madd_epi16(_mm256_maddubs_epi16(x.odd, weights), ones);
    return _mm256_add_epi32(even, odd);
  }
  KEDGE_TARGET void add_products(const Values& x, const std::int8_t* weights) {
    low = _mm256_add_epi32(low, products(x, line(weights)));
    high = _mm256_add_epi32(high, products(x, line(weights + 32)));
  }
  KEDGE_TARGET void add(const Sums& other) {
    low = _mm256_add_epi32(low, other.low);
    high = _mm256_add_epi32(high, other.high);
  }

  // There is no arithmetic shift of 64 bits: 2^62 is added before and taken away behind it.
  KEDGE_TARGET static __m256i scaled(__m256i sum, __m256i factor, __m256i shift) {
    const __m256i one = _mm256_set1_epi64x(1);
    const __m256i lift = _mm256_set1_epi64x(std::int64_t{1} << 62);
    const __m256i half = _mm256_sllv_epi64(one, _mm256_sub_epi64(shift, one));
    const __m256i product = _mm256_add_epi64(_mm256_mul_epi32(sum, factor), half);
    return _mm256_sub_epi64(_mm256_srlv_epi64(_mm256_add_epi64(product, lift), shift),
                            _mm256_srlv_epi64(lift, shift));
  }
  KEDGE_TARGET static __m256i bytes(__m256i sum, const std::int32_t* channels,
                                    const Int8Call& call) {
    const __m256i factor = line(channels + kInt8Lanes);
    const __m256i shift = line(channels + 2 * kInt8Lanes);
    const __m256i even =
        scaled(sum, factor, _mm256_and_si256(shift, _mm256_set1_epi64x(0xffffffff)));
    const __m256i odd = scaled(_mm256_srli_epi64(sum, 32), _mm256_srli_epi64(factor, 32),
                               _mm256_srli_epi64(shift, 32));
    __m256i value = _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa);
    value = _mm256_min_epi32(value, _mm256_set1_epi32(1 << 16));
    value = _mm256_add_epi32(value, _mm256_set1_epi32(call.zero));
    value = _mm256_max_epi32(value, _mm256_set1_epi32(call.relu ? call.zero : 0));
    return _mm256_min_epi32(value, _mm256_set1_epi32(255));
  }
  KEDGE_TARGET void store_bytes(const std::int32_t* channels, const Int8Call& call,
                                std::uint8_t* to) const {
    store(bytes(low, channels, call), bytes(high, channels + 8, call), to);
  }
  KEDGE_TARGET static void store(__m256i first, __m256i second, std::uint8_t* to) {
    const __m256i in_order = _mm256_permute4x64_epi64(_mm256_packs_epi32(first, second), 0xd8);
    _mm_storeu_si128(
        reinterpret_cast<__m128i*>(to),
        _mm_packus_epi16(_mm256_castsi256_si128(in_order), _mm256_extracti128_si256(in_order, 1)));
  }
  KEDGE_TARGET static void floats(__m256i sum, const std::int32_t* channels, bool relu, float* to) {
    const __m256 scale = _mm256_castsi256_ps(line(channels + kInt8Lanes));
    const __m256 offset = _mm256_castsi256_ps(line(channels + 2 * kInt8Lanes));
    __m256 value = _mm256_add_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(sum), scale), offset);
    if (relu) value = _mm256_max_ps(_mm256_setzero_ps(), value);
    _mm256_storeu_ps(to, value);
  }
  KEDGE_TARGET void store_floats(const std::int32_t* channels, const Int8Call& call,
                                 float* to) const {
    floats(low, channels, call.relu, to);
    floats(high, channels + 8, call.relu, to + 8);
  }
  // Those of eight columns that are there: what lies before `count`.
  KEDGE_TARGET static __m256i whole(const float* x, const float* factors, const float* zeros,
                                    std::int32_t count) {
    const __m256i there =
        _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    const __m256 zero = _mm256_maskload_ps(zeros, there);
    __m256 value = _mm256_mul_ps(_mm256_maskload_ps(x, there), _mm256_maskload_ps(factors, there));
    value = _mm256_and_ps(value, _mm256_cmp_ps(value, value, _CMP_ORD_Q));
    value = _mm256_max_ps(value, _mm256_sub_ps(_mm256_setzero_ps(), zero));
    value = _mm256_min_ps(value, _mm256_sub_ps(_mm256_set1_ps(255.0F), zero));
    return _mm256_add_epi32(_mm256_cvtps_epi32(value), _mm256_cvtps_epi32(zero));
  }
  KEDGE_TARGET static void quantize(const float* x, const float* factors, const float* zeros,
                                    std::size_t count, std::uint8_t* out) {
    const auto first = static_cast<std::int32_t>(count);
    const __m256i low = whole(x, factors, zeros, first);
    if (count <= 8) return store(low, _mm256_setzero_si256(), out);
    store(low, whole(x + 8, factors + 8, zeros + 8, first - 8), out);
  }
};

#include "kedge/kernels/dense_int8_loop.h"

}  // namespace

Int8Variant dense_int8_avx2() noexcept {
  return {Isa::kAvx2, multiply<true>, multiply<false>, quantize_row};
}

}  // namespace kedge

#endif

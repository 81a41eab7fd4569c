#if defined(__x86_64__)

#include "kedge/kernels/dense_int8.h"

#include <immintrin.h>

#define KEDGE_TARGET __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx512vnni")))

namespace kedge {
namespace {

constexpr std::size_t kTileRows = 6;
constexpr std::size_t kTilePanels = 4;
constexpr std::size_t kRowSplit = 4;

struct Sums {
  __m512i lanes;

  KEDGE_TARGET static Sums load(const std::int32_t* from) { return {_mm512_load_si512(from)}; }
  KEDGE_TARGET static Sums zero() { return {_mm512_setzero_si512()}; }
  KEDGE_TARGET static __m512i spread(const std::uint8_t* x) {
    std::int32_t four;
    __builtin_memcpy(&four, x, 4);
    return _mm512_set1_epi32(four);
  }
  // Four products of a byte and an int8, added without saturation.
  KEDGE_TARGET void add_products(__m512i x, const std::int8_t* weights) {
    lanes = _mm512_dpbusd_epi32(lanes, x, _mm512_load_si512(weights));
  }
  KEDGE_TARGET void add(const Sums& other) { lanes = _mm512_add_epi32(lanes, other.lanes); }

  KEDGE_TARGET static __m512i scaled(__m512i sum, __m512i factor, __m512i shift) {
    const __m512i one = _mm512_set1_epi64(1);
    const __m512i half = _mm512_sllv_epi64(one, _mm512_sub_epi64(shift, one));
    return _mm512_srav_epi64(_mm512_add_epi64(_mm512_mul_epi32(sum, factor), half), shift);
  }
  KEDGE_TARGET void store_bytes(const std::int32_t* channels, const Int8Call& call,
                                std::uint8_t* to) const {
    const __m512i factor = _mm512_load_si512(channels + kInt8Lanes);
    const __m512i shift = _mm512_load_si512(channels + 2 * kInt8Lanes);
    const __m512i even =
        scaled(lanes, factor, _mm512_and_si512(shift, _mm512_set1_epi64(0xffffffff)));
    const __m512i odd = scaled(_mm512_srli_epi64(lanes, 32), _mm512_srli_epi64(factor, 32),
                               _mm512_srli_epi64(shift, 32));
    __m512i value = _mm512_mask_blend_epi32(0xaaaa, even, _mm512_slli_epi64(odd, 32));
    // As the scalar's 64 bits: what is near the end of int32 is far beyond a byte.
    value = _mm512_min_epi32(value, _mm512_set1_epi32(1 << 16));
    value = _mm512_add_epi32(value, _mm512_set1_epi32(call.zero));
    value = _mm512_max_epi32(value, _mm512_set1_epi32(call.relu ? call.zero : 0));
    value = _mm512_min_epi32(value, _mm512_set1_epi32(255));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtepi32_epi8(value));
  }
  KEDGE_TARGET void store_floats(const std::int32_t* channels, const Int8Call& call,
                                 float* to) const {
    const __m512 scale = _mm512_castsi512_ps(_mm512_load_si512(channels + kInt8Lanes));
    const __m512 offset = _mm512_castsi512_ps(_mm512_load_si512(channels + 2 * kInt8Lanes));
    __m512 value = _mm512_add_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(lanes), scale), offset);
    if (call.relu) value = _mm512_max_ps(_mm512_setzero_ps(), value);
    _mm512_storeu_ps(to, value);
  }
  KEDGE_TARGET static void quantize(const float* x, const float* factors, const float* zeros,
                                    std::size_t count, std::uint8_t* out) {
    const auto there = static_cast<__mmask16>((1u << count) - 1);
    const __m512 zero = _mm512_maskz_loadu_ps(there, zeros);
    __m512 value =
        _mm512_mul_ps(_mm512_maskz_loadu_ps(there, x), _mm512_maskz_loadu_ps(there, factors));
    value = _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(value, value, _CMP_ORD_Q), value);
    value = _mm512_max_ps(value, _mm512_sub_ps(_mm512_setzero_ps(), zero));
    value = _mm512_min_ps(value, _mm512_sub_ps(_mm512_set1_ps(255.0F), zero));
    const __m512i whole = _mm512_add_epi32(_mm512_cvtps_epi32(value), _mm512_cvtps_epi32(zero));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm512_cvtepi32_epi8(whole));
  }
};

#include "kedge/kernels/dense_int8_loop.h"

}  // namespace

Int8Variant dense_int8_avx512() noexcept {
  return {Isa::kAvx512Vbmi, multiply<true>, multiply<false>, quantize_row};
}

}  // namespace kedge

#endif

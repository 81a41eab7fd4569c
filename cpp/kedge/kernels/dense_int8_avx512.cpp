#if defined(__x86_64__)

#include "kedge/kernels/dense_int8.h"

#include <immintrin.h>

#define KEDGE_TARGET __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx512vnni")))

namespace kedge {
namespace {

constexpr std::size_t kTileRows = 6;
constexpr std::size_t kTilePanels = 4;
constexpr std::size_t kRowSplit = 2;

struct Sums {
  __m512i lanes;

  KEDGE_TARGET static Sums begin(const std::int32_t* bias, const std::uint8_t*, std::size_t) {
    return {_mm512_load_si512(bias)};
  }
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
};

#include "kedge/kernels/dense_int8_outputs_avx512.h"

template <bool kToBytes>
struct Outputs {
  Scaling<kToBytes> scaling;

  KEDGE_TARGET Outputs(const std::int32_t* channels, const Int8Call& call)
      : scaling(channels, call.zero) {}

  KEDGE_TARGET void apply(Sums& sums) const { sums.lanes = scaling.apply(sums.lanes); }

  template <std::size_t kPanels>
  KEDGE_TARGET static void store(const Sums (&sums)[kPanels], const Int8Call& call,
                                 std::size_t at) {
    __m512i lanes[kPanels];
    for (std::size_t p = 0; p < kPanels; ++p) lanes[p] = sums[p].lanes;
    store_panels<kToBytes>(lanes, call, at);
  }
};

struct Columns {
  __mmask16 there;
  __m512 factors;
  __m512 most;
  __m512i zeros;

  KEDGE_TARGET Columns(const float* of_factors, const float* of_zeros, std::size_t count)
      : there(static_cast<__mmask16>((1u << count) - 1)),
        factors(_mm512_maskz_loadu_ps(there, of_factors)) {
    const __m512 all = _mm512_maskz_loadu_ps(there, of_zeros);
    most = _mm512_sub_ps(_mm512_set1_ps(255.0F), all);
    zeros = _mm512_cvtps_epi32(all);
  }

  // What is too low converts to a number below zero, or to the lowest one.
  KEDGE_TARGET void quantize(const float* x, std::uint8_t* out) const {
    __m512 value = _mm512_mul_ps(_mm512_maskz_loadu_ps(there, x), factors);
    value = _mm512_maskz_min_ps(_mm512_cmp_ps_mask(value, value, _CMP_ORD_Q), value, most);
    const __m512i whole = _mm512_add_epi32(_mm512_cvtps_epi32(value), zeros);
    const __m512i byte = _mm512_max_epi32(whole, _mm512_setzero_si512());
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm512_cvtepi32_epi8(byte));
  }
};

#include "kedge/kernels/dense_int8_loop.h"

}  // namespace

Int8Variant dense_int8_avx512() noexcept {
  return {Isa::kAvx512Vbmi, multiply<true>, multiply<false>, quantize_rows<Columns>};
}

}  // namespace kedge

#endif

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
  KEDGE_TARGET static Sums begin(const std::int32_t* bias, const std::uint8_t*, std::size_t) {
    return {line(bias), line(bias + 8)};
  }
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
};

// Eight of a panel's sums to whole numbers.
struct Scaling {
  __m256i factors;
  __m256i shifts;

  KEDGE_TARGET explicit Scaling(const std::int32_t* channels)
      : factors(Sums::line(channels + kInt8Lanes)), shifts(Sums::line(channels + 2 * kInt8Lanes)) {}

  // There is no arithmetic shift of 64 bits: 2^62 is added before and taken away behind it.
  KEDGE_TARGET static __m256i scaled(__m256i sum, __m256i factor, __m256i shift) {
    const __m256i one = _mm256_set1_epi64x(1);
    const __m256i lift = _mm256_set1_epi64x(std::int64_t{1} << 62);
    const __m256i half = _mm256_sllv_epi64(one, _mm256_sub_epi64(shift, one));
    const __m256i product = _mm256_add_epi64(_mm256_mul_epi32(sum, factor), half);
    return _mm256_sub_epi64(_mm256_srlv_epi64(_mm256_add_epi64(product, lift), shift),
                            _mm256_srlv_epi64(lift, shift));
  }
  KEDGE_TARGET __m256i whole(__m256i sum) const {
    const __m256i even =
        scaled(sum, factors, _mm256_and_si256(shifts, _mm256_set1_epi64x(0xffffffff)));
    const __m256i odd = scaled(_mm256_srli_epi64(sum, 32), _mm256_srli_epi64(factors, 32),
                               _mm256_srli_epi64(shifts, 32));
    return _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa);
  }
  KEDGE_TARGET __m256i floats(__m256i sum) const {
    const __m256 product = _mm256_mul_ps(_mm256_cvtepi32_ps(sum), _mm256_castsi256_ps(factors));
    return _mm256_castps_si256(_mm256_add_ps(product, _mm256_castsi256_ps(shifts)));
  }
};

KEDGE_TARGET inline void store_bytes(__m256i first, __m256i second, __m128i low, std::uint8_t* to) {
  const __m256i in_order = _mm256_permute4x64_epi64(_mm256_packs_epi32(first, second), 0xd8);
  const __m128i bytes =
      _mm_packus_epi16(_mm256_castsi256_si128(in_order), _mm256_extracti128_si256(in_order, 1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm_max_epu8(bytes, low));
}

template <bool kToBytes>
struct Outputs {
  Scaling low;
  Scaling high;
  __m256i zero;

  KEDGE_TARGET Outputs(const std::int32_t* channels, const Int8Call& call)
      : low(channels), high(channels + 8), zero(_mm256_set1_epi32(call.zero)) {}

  KEDGE_TARGET void apply(Sums& sums) const {
    if constexpr (kToBytes) {
      sums.low = _mm256_add_epi32(low.whole(sums.low), zero);
      sums.high = _mm256_add_epi32(high.whole(sums.high), zero);
    } else {
      sums.low = low.floats(sums.low);
      sums.high = high.floats(sums.high);
    }
  }
  KEDGE_TARGET static void store(const Sums (&sums)[1], const Int8Call& call, std::size_t at) {
    if constexpr (kToBytes) {
      const __m128i least = _mm_set1_epi8(static_cast<char>(call.relu ? call.zero : 0));
      store_bytes(sums[0].low, sums[0].high, least, static_cast<std::uint8_t*>(call.out) + at);
    } else {
      store_floats(sums[0].low, call.relu, static_cast<float*>(call.out) + at);
      store_floats(sums[0].high, call.relu, static_cast<float*>(call.out) + at + 8);
    }
  }
  KEDGE_TARGET static void store_floats(__m256i bits, bool relu, float* to) {
    __m256 value = _mm256_castsi256_ps(bits);
    if (relu) value = _mm256_max_ps(_mm256_setzero_ps(), value);
    _mm256_storeu_ps(to, value);
  }
};

// Those of eight columns that are there.
struct EightColumns {
  __m256i there;
  __m256 factors;
  __m256 zeros;

  KEDGE_TARGET EightColumns(const float* of_factors, const float* of_zeros, std::int32_t count)
      : there(_mm256_cmpgt_epi32(_mm256_set1_epi32(count),
                                 _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))),
        factors(_mm256_maskload_ps(of_factors, there)),
        zeros(_mm256_maskload_ps(of_zeros, there)) {}

  KEDGE_TARGET __m256i whole(const float* x) const {
    __m256 value = _mm256_mul_ps(_mm256_maskload_ps(x, there), factors);
    value = _mm256_and_ps(value, _mm256_cmp_ps(value, value, _CMP_ORD_Q));
    value = _mm256_max_ps(value, _mm256_sub_ps(_mm256_setzero_ps(), zeros));
    value = _mm256_min_ps(value, _mm256_sub_ps(_mm256_set1_ps(255.0F), zeros));
    return _mm256_add_epi32(_mm256_cvtps_epi32(value), _mm256_cvtps_epi32(zeros));
  }
};

struct Columns {
  EightColumns low;
  EightColumns high;

  // Of no columns nothing is read, wherever that begins.
  KEDGE_TARGET Columns(const float* factors, const float* zeros, std::size_t count)
      : low(factors, zeros, static_cast<std::int32_t>(count)),
        high(factors + 8, zeros + 8, static_cast<std::int32_t>(count) - 8) {}

  KEDGE_TARGET void quantize(const float* x, std::uint8_t* out) const {
    store_bytes(low.whole(x), high.whole(x + 8), _mm_setzero_si128(), out);
  }
};

#include "kedge/kernels/dense_int8_loop.h"

}  // namespace

Int8Variant dense_int8_avx2() noexcept {
  return {Isa::kAvx2, multiply<true>, multiply<false>, quantize_rows<Columns>};
}

}  // namespace kedge

#endif

#if defined(__x86_64__)

#include "kedge/kernels/tree_mask.h"

#include <immintrin.h>

#define KEDGE_TARGET __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx512vbmi")))

namespace kedge {
namespace {

using Lanes = __m512i;
constexpr std::size_t kLanes = 64;

// Of each half a byte: its lowest bit, or its upper half's.
KEDGE_TARGET inline Lanes low_bits() {
  return _mm512_broadcast_i32x4(_mm_setr_epi8(-1, 0, 1, 0, 2, 0, 1, 0, 3, 0, 1, 0, 2, 0, 1, 0));
}
KEDGE_TARGET inline Lanes high_bits() {
  return _mm512_broadcast_i32x4(_mm_setr_epi8(-1, 4, 5, 4, 6, 4, 5, 4, 7, 4, 5, 4, 6, 4, 5, 4));
}

KEDGE_TARGET inline Lanes all_leaves() { return _mm512_set1_epi8(-1); }
KEDGE_TARGET inline Lanes left_of(Lanes left, Lanes stays, const std::uint8_t* kept) {
  constexpr int kAndOr = 0xe0;
  return _mm512_ternarylogic_epi32(left, stays, _mm512_load_si512(kept), kAndOr);
}
KEDGE_TARGET inline Lanes nearer(Lanes a, Lanes b) { return _mm512_min_epu8(a, b); }
KEDGE_TARGET inline Lanes first_of(Lanes left, std::size_t first) {
  const Lanes half = _mm512_set1_epi8(15);
  const Lanes low = _mm512_shuffle_epi8(low_bits(), _mm512_and_si512(left, half));
  const Lanes high =
      _mm512_shuffle_epi8(high_bits(), _mm512_and_si512(_mm512_srli_epi16(left, 4), half));
  return _mm512_adds_epu8(nearer(low, high), _mm512_set1_epi8(static_cast<char>(first)));
}
KEDGE_TARGET inline void put(std::uint8_t* leaves, Lanes lanes) {
  _mm512_storeu_si512(leaves, lanes);
}

// A row's codes in two registers.
struct Codes {
  __m512i low, high;
  KEDGE_TARGET explicit Codes(const std::uint8_t* codes)
      : low(_mm512_loadu_si512(codes)), high(_mm512_loadu_si512(codes + 64)) {}
  KEDGE_TARGET Lanes stay(const std::uint8_t* slots, const std::uint8_t* tests) const {
    const __m512i code = _mm512_permutex2var_epi8(low, _mm512_load_si512(slots), high);
    return _mm512_movm_epi8(_mm512_cmple_epu8_mask(code, _mm512_load_si512(tests)));
  }
};

#include "kedge/kernels/tree_mask_loop.h"

KEDGE_TARGET void leaves_of(const MaskPlan& plan, const std::uint8_t* codes, std::uint8_t* leaves) {
  leaves_by(plan, Codes(codes), leaves);
}

}  // namespace

MaskVariant tree_mask_avx512() noexcept { return {Isa::kAvx512Vbmi, leaves_of, kLanes}; }

}  // namespace kedge

#endif

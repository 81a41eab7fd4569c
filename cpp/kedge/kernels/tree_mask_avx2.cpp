#if defined(__x86_64__)

#include "kedge/kernels/tree_mask.h"

#include <immintrin.h>

#define KEDGE_TARGET __attribute__((target("avx2")))

namespace kedge {
namespace {

using Lanes = __m256i;
constexpr std::size_t kLanes = 32;

KEDGE_TARGET inline Lanes load(const std::uint8_t* bytes) {
  return _mm256_load_si256(reinterpret_cast<const __m256i*>(bytes));
}

KEDGE_TARGET inline Lanes twice(__m128i bytes) { return _mm256_broadcastsi128_si256(bytes); }

KEDGE_TARGET inline Lanes all_leaves() { return _mm256_set1_epi8(-1); }
KEDGE_TARGET inline Lanes left_of(Lanes left, Lanes stays, const std::uint8_t* kept) {
  return _mm256_and_si256(left, _mm256_or_si256(stays, load(kept)));
}
KEDGE_TARGET inline Lanes nearer(Lanes a, Lanes b) { return _mm256_min_epu8(a, b); }
KEDGE_TARGET inline Lanes first_of(Lanes left, std::size_t first) {
  const Lanes half = _mm256_set1_epi8(15);
  const Lanes low_bits = twice(_mm_setr_epi8(-1, 0, 1, 0, 2, 0, 1, 0, 3, 0, 1, 0, 2, 0, 1, 0));
  const Lanes high_bits = twice(_mm_setr_epi8(-1, 4, 5, 4, 6, 4, 5, 4, 7, 4, 5, 4, 6, 4, 5, 4));
  const Lanes low = _mm256_shuffle_epi8(low_bits, _mm256_and_si256(left, half));
  const Lanes high =
      _mm256_shuffle_epi8(high_bits, _mm256_and_si256(_mm256_srli_epi16(left, 4), half));
  return _mm256_adds_epu8(nearer(low, high), _mm256_set1_epi8(static_cast<char>(first)));
}
KEDGE_TARGET inline void put(std::uint8_t* leaves, Lanes lanes) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(leaves), lanes);
}

// A row's codes, sixteen to a register: bits 4 and up of a slot say which.
template <std::size_t kRegisters>
struct Codes {
  Lanes codes[kRegisters];
  KEDGE_TARGET explicit Codes(const std::uint8_t* all) {
    for (std::size_t i = 0; i < kRegisters; ++i) {
      codes[i] = twice(_mm_loadu_si128(reinterpret_cast<const __m128i*>(all + 16 * i)));
    }
  }
  KEDGE_TARGET Lanes stay(const std::uint8_t* slots, const std::uint8_t* tests) const {
    const Lanes code = code_at<0, kRegisters>(load(slots));
    const Lanes test = load(tests);
    return _mm256_cmpeq_epi8(_mm256_max_epu8(code, test), test);
  }
  // Of slots in registers kFirst to kFirst + kCount.
  template <std::size_t kFirst, std::size_t kCount>
  KEDGE_TARGET Lanes code_at(Lanes slots) const {
    if constexpr (kCount == 1) {
      return _mm256_shuffle_epi8(codes[kFirst], slots);
    } else {
      constexpr int kToSign = kCount == 8 ? 1 : kCount == 4 ? 2 : 3;  // of the bit that chooses
      return _mm256_blendv_epi8(code_at<kFirst, kCount / 2>(slots),
                                code_at<kFirst + kCount / 2, kCount / 2>(slots),
                                _mm256_slli_epi16(slots, kToSign));
    }
  }
};

#include "kedge/kernels/tree_mask_loop.h"

KEDGE_TARGET void leaves_of(const MaskPlan& plan, const std::uint8_t* codes, std::uint8_t* leaves) {
  if (plan.slots <= 32) return leaves_by(plan, Codes<2>(codes), leaves);
  if (plan.slots <= 64) return leaves_by(plan, Codes<4>(codes), leaves);
  leaves_by(plan, Codes<8>(codes), leaves);
}

}  // namespace

MaskVariant tree_mask_avx2() noexcept { return {Isa::kAvx2, leaves_of, kLanes}; }

}  // namespace kedge

#endif

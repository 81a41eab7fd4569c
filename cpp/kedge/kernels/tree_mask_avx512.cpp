#if defined(__x86_64__)

#include "kedge/kernels/tree_mask.h"

#include <immintrin.h>

#define KEDGE_TARGET \
  __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx512cd,avx512vbmi,lzcnt")))

namespace kedge {
namespace {

// A row's codes in two registers.
struct Codes {
  __m512i low, high;
  KEDGE_TARGET explicit Codes(const std::uint8_t* codes)
      : low(_mm512_loadu_si512(codes)), high(_mm512_loadu_si512(codes + 64)) {}
  KEDGE_TARGET __mmask64 exceed(const std::uint8_t* slots, const std::uint8_t* tests) const {
    const __m512i code = _mm512_permutex2var_epi8(low, _mm512_load_si512(slots), high);
    return _mm512_cmpgt_epu8_mask(code, _mm512_load_si512(tests));
  }
};

KEDGE_TARGET inline __m512i keep(__m512i left, __mmask64 right, const std::uint32_t* masks) {
  return _mm512_mask_and_epi32(left, static_cast<__mmask16>(right), left, _mm512_load_si512(masks));
}
KEDGE_TARGET inline __m512i keep(__m512i left, __mmask64 right, const std::uint64_t* masks) {
  return _mm512_mask_and_epi64(left, static_cast<__mmask8>(right), left, _mm512_load_si512(masks));
}
KEDGE_TARGET inline void store_leaves(__m512i left, std::uint32_t* out, const std::uint32_t*) {
  _mm512_storeu_si512(out, _mm512_lzcnt_epi32(left));
}
KEDGE_TARGET inline void store_leaves(__m512i left, std::uint32_t* out, const std::uint64_t*) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out),
                      _mm512_cvtepi64_epi32(_mm512_lzcnt_epi64(left)));
}

// A group whose trees fill `kRegisters` registers of masks.
template <class Mask, int kRegisters>
KEDGE_TARGET inline void group_leaves(const MaskPlan<Mask>& plan, const MaskGroup& group,
                                      const Codes& codes, std::uint32_t* leaves) {
  constexpr int kLanes = 64 / sizeof(Mask);
  __m512i left[kRegisters];
  for (int i = 0; i < kRegisters; ++i) left[i] = _mm512_set1_epi32(-1);
  for (std::size_t step = 0; step < group.steps; ++step) {
    const std::size_t at = (group.first_step + step) * kMaskTrees;
    const __mmask64 right = codes.exceed(plan.slots + at, plan.tests + at);
    for (int i = 0; i < kRegisters; ++i) {
      left[i] = keep(left[i], right >> (kLanes * i), plan.masks + at + kLanes * i);
    }
  }
  for (int i = 0; i < kRegisters; ++i) store_leaves(left[i], leaves + kLanes * i, plan.masks);
}

template <class Mask>
KEDGE_TARGET void leaves_of(const MaskPlan<Mask>& plan, const std::uint8_t* row,
                            std::uint32_t* leaves) {
  constexpr int kWhole = kMaskTrees * sizeof(Mask) / 64;
  const Codes codes(row);
  for (const MaskGroup& group : plan.groups) {
    const std::size_t quarters = (group.trees * 4 + kMaskTrees - 1) / kMaskTrees;
    if (quarters == 4) group_leaves<Mask, kWhole>(plan, group, codes, leaves);
    if (quarters == 3) group_leaves<Mask, kWhole * 3 / 4>(plan, group, codes, leaves);
    if (quarters == 2) group_leaves<Mask, kWhole / 2>(plan, group, codes, leaves);
    if (quarters == 1) group_leaves<Mask, kWhole / 4>(plan, group, codes, leaves);
    leaves += kMaskTrees;
  }
}

}  // namespace

MaskVariant tree_mask_avx512() noexcept {
  return {Isa::kAvx512Vbmi, leaves_of<std::uint32_t>, leaves_of<std::uint64_t>};
}

}  // namespace kedge

#endif

#if defined(__x86_64__)

#include "kedge/kernels/tree_slice.h"

#include <immintrin.h>

#define KEDGE_TARGET __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,popcnt")))

namespace kedge {
namespace {

KEDGE_TARGET inline __m512i load(const std::uint8_t* codes, std::size_t row) {
  return _mm512_loadu_si512(codes + row * kBlockRows);
}

KEDGE_TARGET inline void look_up(const SliceSet& set, std::uint8_t* codes) {
  const __m512i bits =
      _mm512_broadcast_i32x4(_mm_load_si128(reinterpret_cast<const __m128i*>(set.bits)));
  const __m512i byte = _mm512_shuffle_epi8(bits, load(codes, set.high));
  _mm512_storeu_si512(codes + std::size_t{set.out} * kBlockRows,
                      _mm512_and_si512(byte, load(codes, set.low)));
}

// A mask register has a bit for each of the 64 rows: those that reach the node.
KEDGE_TARGET inline __m512i leaves_of(const SliceNode* nodes, std::size_t length,
                                      const std::uint8_t* codes) {
  __mmask64 reach[kMostSliceLeaves];
  reach[0] = ~__mmask64{0};
  __m512i leaf = _mm512_setzero_si512();
  for (std::size_t i = 0; i < length; ++i) {
    const SliceNode& node = nodes[i];
    const __mmask64 here = reach[i];
    const __m512i test = _mm512_set1_epi8(static_cast<char>(node.test));
    const __mmask64 right = _mm512_mask_cmpgt_epu8_mask(here, load(codes, node.slot), test);
    reach[node.left] = here ^ right;
    reach[node.right] = right;
    const __m512i left_leaves = _mm512_set1_epi8(static_cast<char>(node.left_leaves));
    leaf = _mm512_mask_add_epi8(leaf, right, leaf, left_leaves);
  }
  return leaf;
}

KEDGE_TARGET inline void add_values(const std::uint8_t* leaf, const double* values, double* sums) {
  for (std::size_t j = 0; j < kBlockRows; j += 8) {
    const __m256i place =
        _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(leaf + j)));
    _mm512_storeu_pd(
        sums + j, _mm512_add_pd(_mm512_loadu_pd(sums + j), _mm512_i32gather_pd(place, values, 8)));
  }
}
KEDGE_TARGET inline void add_values(const std::uint8_t* leaf, const float* values, float* sums) {
  for (std::size_t j = 0; j < kBlockRows; j += 16) {
    const __m512i place =
        _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(leaf + j)));
    _mm512_storeu_ps(
        sums + j, _mm512_add_ps(_mm512_loadu_ps(sums + j), _mm512_i32gather_ps(place, values, 4)));
  }
}

template <class Sum>
KEDGE_TARGET void add_trees(const SlicePlan<Sum>& plan, std::uint8_t* codes, Sum* sums) {
  for (const SliceTree& tree : plan.trees) {
    for (std::size_t i = 0; i < tree.sets; ++i) look_up(plan.sets[tree.first_set + i], codes);
    alignas(64) std::uint8_t leaf[kBlockRows];
    _mm512_store_si512(leaf, leaves_of(plan.nodes + tree.first_node, tree.nodes, codes));
    add_values(leaf, plan.values + tree.first_value, sums + std::size_t{tree.output} * kBlockRows);
  }
}

}  // namespace

SliceVariant tree_slice_avx512() noexcept {
  return {Isa::kAvx512, add_trees<double>, add_trees<float>};
}

}  // namespace kedge

#endif

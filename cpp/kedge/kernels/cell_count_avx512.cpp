#if defined(__x86_64__)

#include "kedge/kernels/cell_count.h"

#include <immintrin.h>

#define KEDGE_AVX512 __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,popcnt")))

namespace kedge {
namespace {

constexpr int kNanClass = 0x81;  // quiet and signalling
constexpr int kPlusInfClass = 0x08;
constexpr int kMinusInfClass = 0x10;

KEDGE_AVX512 inline __m512d load(const double* values) { return _mm512_loadu_pd(values); }
KEDGE_AVX512 inline __m512d load(const float* values) {
  return _mm512_cvtps_pd(_mm256_loadu_ps(values));
}

KEDGE_AVX512 inline __m256i slots_of(const CellPlan& plan, __m512d v, __m256i cell) {
  __m256i slot = _mm256_add_epi32(cell, _mm256_set1_epi32(1));
  const __mmask8 special = _mm512_fpclass_pd_mask(v, kNanClass | kPlusInfClass | kMinusInfClass);
  if (__builtin_expect(special == 0, 1)) return slot;
  const auto cells = static_cast<int>(plan.cells);
  slot = _mm256_mask_set1_epi32(slot, _mm512_fpclass_pd_mask(v, kNanClass), cells + 2);
  slot = _mm256_mask_set1_epi32(slot, _mm512_fpclass_pd_mask(v, kPlusInfClass), cells + 1);
  return _mm256_mask_set1_epi32(slot, _mm512_fpclass_pd_mask(v, kMinusInfClass), 0);
}

struct Affine {
  __m512d origin, scale, top;
  KEDGE_AVX512 explicit Affine(const CellPlan& plan)
      : origin(_mm512_set1_pd(plan.origin)),
        scale(_mm512_set1_pd(plan.scale)),
        top(_mm512_set1_pd(plan.cells - 1.0)) {}
  KEDGE_AVX512 __m256i operator()(__m512d v) const {
    __m512d t = _mm512_mul_pd(_mm512_sub_pd(v, origin), scale);
    t = _mm512_min_pd(_mm512_max_pd(t, _mm512_setzero_pd()), top);
    return _mm512_cvttpd_epi32(t);
  }
};

struct Lattice {
  __m512d scale, low, high, first;
  KEDGE_AVX512 explicit Lattice(const CellPlan& plan)
      : scale(_mm512_set1_pd(plan.scale)),
        low(_mm512_set1_pd(plan.first - 0.5)),
        high(_mm512_set1_pd(plan.last + 0.5)),
        first(_mm512_set1_pd(plan.first)) {}
  KEDGE_AVX512 __m256i operator()(__m512d v) const {
    __m512d t = _mm512_mul_pd(v, scale);
    t = _mm512_min_pd(_mm512_max_pd(t, low), high);
    const __m512d floor = _mm512_roundscale_pd(t, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
    const __mmask8 between = _mm512_cmp_pd_mask(floor, t, _CMP_NEQ_UQ);
    const __m256i point = _mm512_cvttpd_epi32(_mm512_sub_pd(floor, first));
    const __m256i one = _mm256_set1_epi32(1);
    const __m256i cell = _mm256_add_epi32(_mm256_add_epi32(point, point), one);
    return _mm256_mask_add_epi32(cell, between, cell, one);
  }
};

struct Bend {
  __m512d origin, bend;
  __m512i bend_bits, multiplier;
  __m256i middle, top;
  KEDGE_AVX512 explicit Bend(const CellPlan& plan)
      : origin(_mm512_set1_pd(plan.origin)),
        bend(_mm512_set1_pd(plan.bend)),
        bend_bits(_mm512_set1_epi64(plan.bend_bits)),
        multiplier(_mm512_set1_epi64(plan.multiplier)),
        middle(_mm256_set1_epi32(plan.middle)),
        top(_mm256_set1_epi32(static_cast<int>(plan.cells) - 1)) {}
  KEDGE_AVX512 __m256i operator()(__m512d v) const {
    const __m512d from_origin = _mm512_sub_pd(v, origin);
    const __m512d bent = _mm512_add_pd(_mm512_abs_pd(from_origin), bend);
    const __m512i steps =
        _mm512_sub_epi64(_mm512_srli_epi64(_mm512_castpd_si512(bent), 32), bend_bits);
    const __m512i product = _mm512_mul_epu32(steps, multiplier);
    const __m256i away = _mm512_cvtepi64_epi32(_mm512_srli_epi64(product, 32));
    const __mmask8 left = _mm512_cmp_pd_mask(from_origin, _mm512_setzero_pd(), _CMP_LT_OQ);
    __m256i cell = _mm256_add_epi32(middle, away);
    // middle - 1 - away, as middle + ~away
    cell = _mm256_mask_add_epi32(cell, left, middle, _mm256_xor_si256(away, _mm256_set1_epi32(-1)));
    return _mm256_min_epi32(_mm256_max_epi32(cell, _mm256_setzero_si256()), top);
  }
};

template <class Map, class Value>
KEDGE_AVX512 void index_mapped(const CellPlan& plan, const Value* values, std::size_t length,
                               std::uint32_t* slots) {
  const Map map(plan);
  std::size_t i = 0;
  for (; i + 8 <= length; i += 8) {
    const __m512d v = load(values + i);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(slots + i), slots_of(plan, v, map(v)));
  }
  for (; i < length; ++i) slots[i] = cell_slot(plan, values[i]);
}

// Affine cells without a clamp: a value beyond the ends, infinite or NaN gives an index that is too
// large as an unsigned number, which one comparison for eight values finds. It is rare in data that
// look like the reference, so the detour is cheap where it matters.
template <class Value>
KEDGE_AVX512 void index_affine(const CellPlan& plan, const Value* values, std::size_t length,
                               std::uint32_t* slots) {
  const Affine map(plan);
  const __m256i last = _mm256_set1_epi32(static_cast<int>(plan.cells) - 1);
  const __m256i one = _mm256_set1_epi32(1);
  std::size_t i = 0;
  for (; i + 8 <= length; i += 8) {
    const __m512d v = load(values + i);
    const __m512d t = _mm512_mul_pd(_mm512_sub_pd(v, map.origin), map.scale);
    const __m256i cell = _mm512_cvttpd_epi32(t);
    __m256i slot = _mm256_add_epi32(cell, one);
    const bool beyond = _mm256_cmpgt_epu32_mask(cell, last) != 0;
    if (__builtin_expect(beyond, 0)) slot = slots_of(plan, v, map(v));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(slots + i), slot);
  }
  for (; i < length; ++i) slots[i] = cell_slot(plan, values[i]);
}

// The number of levels is known when compiled, so that the loop over them is laid out flat and
// some ten values are under way at once.
template <std::uint32_t kLevels, class Value>
KEDGE_AVX512 void index_cuts(const CellPlan& plan, const Value* values, std::size_t length,
                             std::uint32_t* slots) {
  const double* starts[kLevels];
  for (std::uint32_t l = 0; l < kLevels; ++l) starts[l] = plan.keys + plan.level_start[l];
  const __m512d root = _mm512_load_pd(starts[0]);
  for (std::size_t i = 0; i < length; ++i) {
    const __m512d v = _mm512_set1_pd(values[i]);
    std::uint64_t node =
        static_cast<std::uint64_t>(__builtin_popcount(_mm512_cmp_pd_mask(root, v, _CMP_LE_OQ)));
#pragma GCC unroll 7
    for (std::uint32_t l = 1; l < kLevels; ++l) {
      const __m512d keys = _mm512_load_pd(starts[l] + node * kCutsPerNode);
      const auto below =
          static_cast<unsigned>(__builtin_popcount(_mm512_cmp_pd_mask(keys, v, _CMP_LE_OQ)));
      node = node * (l + 1 == kLevels ? kCutsPerNode : kCutsPerNode + 1) + below;
    }
    slots[i] = static_cast<std::uint32_t>(node) + 1;
  }
  std::size_t i = 0;
  for (; i + 8 <= length; i += 8) {
    const __mmask8 special =
        _mm512_fpclass_pd_mask(load(values + i), kNanClass | kPlusInfClass | kMinusInfClass);
    if (__builtin_expect(special == 0, 1)) continue;
    for (std::size_t j = i; j < i + 8; ++j) slots[j] = cell_slot(plan, values[j]);
  }
  for (; i < length; ++i) slots[i] = cell_slot(plan, values[i]);
}

template <class Value>
KEDGE_AVX512 void index_any(const CellPlan& plan, const Value* values, std::size_t length,
                            std::uint32_t* slots) {
  switch (plan.kind) {
    case CellKind::kAffine:
      return index_affine(plan, values, length, slots);
    case CellKind::kLattice:
      return index_mapped<Lattice>(plan, values, length, slots);
    case CellKind::kBend:
      return index_mapped<Bend>(plan, values, length, slots);
    case CellKind::kCuts:
      break;
  }
  switch (plan.levels) {
    case 1:
      return index_cuts<1>(plan, values, length, slots);
    case 2:
      return index_cuts<2>(plan, values, length, slots);
    case 3:
      return index_cuts<3>(plan, values, length, slots);
    case 4:
      return index_cuts<4>(plan, values, length, slots);
    case 5:
      return index_cuts<5>(plan, values, length, slots);
    case 6:
      return index_cuts<6>(plan, values, length, slots);
    default:
      return index_cuts<7>(plan, values, length, slots);
  }
}

}  // namespace

KEDGE_AVX512 void cell_index_f64_avx512(const CellPlan& plan, const double* values,
                                        std::size_t length, std::uint32_t* slots) {
  index_any(plan, values, length, slots);
}

KEDGE_AVX512 void cell_index_f32_avx512(const CellPlan& plan, const float* values,
                                        std::size_t length, std::uint32_t* slots) {
  index_any(plan, values, length, slots);
}

}  // namespace kedge

#endif

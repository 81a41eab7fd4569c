#if defined(__x86_64__)

#include "kedge/kernels/cell_count.h"

#include <immintrin.h>

#define KEDGE_TARGET __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,popcnt")))

namespace kedge {
namespace {

#include "kedge/kernels/cell_count_loop.h"

constexpr int kNanClass = 0x81;  // quiet and signalling
constexpr int kPlusInfClass = 0x08;
constexpr int kMinusInfClass = 0x10;

KEDGE_TARGET inline __m512d load(const double* values) { return _mm512_loadu_pd(values); }
KEDGE_TARGET inline __m512d load(const float* values) {
  return _mm512_cvtps_pd(_mm256_loadu_ps(values));
}

KEDGE_TARGET inline __m256i slots_of(const CellPlan& plan, __m512d v, __m256i cell) {
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
  KEDGE_TARGET explicit Affine(const CellPlan& plan)
      : origin(_mm512_set1_pd(plan.origin)),
        scale(_mm512_set1_pd(plan.scale)),
        top(_mm512_set1_pd(plan.cells - 1.0)) {}
  KEDGE_TARGET __m256i operator()(__m512d v) const {
    __m512d t = _mm512_mul_pd(_mm512_sub_pd(v, origin), scale);
    t = _mm512_min_pd(_mm512_max_pd(t, _mm512_setzero_pd()), top);
    return _mm512_cvttpd_epi32(t);
  }
};

struct Lattice {
  __m512d scale, low, high, first;
  KEDGE_TARGET explicit Lattice(const CellPlan& plan)
      : scale(_mm512_set1_pd(plan.scale)),
        low(_mm512_set1_pd(plan.first - 0.5)),
        high(_mm512_set1_pd(plan.last + 0.5)),
        first(_mm512_set1_pd(plan.first)) {}
  KEDGE_TARGET __m256i operator()(__m512d v) const {
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
  KEDGE_TARGET explicit Bend(const CellPlan& plan)
      : origin(_mm512_set1_pd(plan.origin)),
        bend(_mm512_set1_pd(plan.bend)),
        bend_bits(_mm512_set1_epi64(plan.bend_bits)),
        multiplier(_mm512_set1_epi64(plan.multiplier)),
        middle(_mm256_set1_epi32(plan.middle)),
        top(_mm256_set1_epi32(static_cast<int>(plan.cells) - 1)) {}
  KEDGE_TARGET __m256i operator()(__m512d v) const {
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

template <class Map>
struct Mapped {
  const CellPlan& plan;
  Map map;
  KEDGE_TARGET explicit Mapped(const CellPlan& p) : plan(p), map(p) {}

  template <class Value>
  KEDGE_TARGET void operator()(const Value* values, std::size_t length,
                               std::uint32_t* slots) const {
    const std::size_t whole = length - length % 8;
    for (std::size_t i = 0; i < whole; i += 8) {
      const __m512d v = load(values + i);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(slots + i), slots_of(plan, v, map(v)));
    }
    for (std::size_t i = whole; i < length; ++i) slots[i] = cell_slot(plan, values[i]);
  }
};

// Affine cells without a clamp: a value beyond the ends, infinite or NaN gives an index that is too
// large as an unsigned number, which one comparison for eight values finds. It is rare in data that
// look like the reference, so the detour is cheap where it matters.
struct AffineUnclamped {
  const CellPlan& plan;
  Affine map;
  __m256i last;
  KEDGE_TARGET explicit AffineUnclamped(const CellPlan& p)
      : plan(p), map(p), last(_mm256_set1_epi32(static_cast<int>(p.cells) - 1)) {}

  template <class Value>
  KEDGE_TARGET void operator()(const Value* values, std::size_t length,
                               std::uint32_t* slots) const {
    const __m256i one = _mm256_set1_epi32(1);
    const std::size_t whole = length - length % 8;
    for (std::size_t i = 0; i < whole; i += 8) {
      const __m512d v = load(values + i);
      const __m512d t = _mm512_mul_pd(_mm512_sub_pd(v, map.origin), map.scale);
      const __m256i cell = _mm512_cvttpd_epi32(t);
      __m256i slot = _mm256_add_epi32(cell, one);
      const bool beyond = _mm256_cmpgt_epu32_mask(cell, last) != 0;
      if (__builtin_expect(beyond, 0)) slot = slots_of(plan, v, map(v));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(slots + i), slot);
    }
    for (std::size_t i = whole; i < length; ++i) slots[i] = cell_slot(plan, values[i]);
  }
};

// The number of levels is known when compiled, so that the loop over them is laid out flat and
// some ten values are under way at once.
template <std::uint32_t kLevels>
struct Cuts {
  const CellPlan& plan;
  const double* starts[kLevels];
  __m512d root;
  KEDGE_TARGET explicit Cuts(const CellPlan& p) : plan(p) {
    for (std::uint32_t l = 0; l < kLevels; ++l) starts[l] = p.keys + p.level_start[l];
    root = _mm512_load_pd(starts[0]);
  }

  KEDGE_TARGET static std::uint64_t below(__m512d keys, __m512d v) {
    return static_cast<std::uint64_t>(__builtin_popcount(_mm512_cmp_pd_mask(keys, v, _CMP_LE_OQ)));
  }

  template <class Value>
  KEDGE_TARGET void operator()(const Value* values, std::size_t length,
                               std::uint32_t* slots) const {
    for (std::size_t i = 0; i < length; ++i) {
      const __m512d v = _mm512_set1_pd(values[i]);
      std::uint64_t node = below(root, v);
#pragma GCC unroll 7
      for (std::uint32_t l = 1; l < kLevels; ++l) {
        const std::uint64_t rank = below(_mm512_load_pd(starts[l] + node * kCutsPerNode), v);
        node = node * (l + 1 == kLevels ? kCutsPerNode : kCutsPerNode + 1) + rank;
      }
      slots[i] = static_cast<std::uint32_t>(node) + 1;
    }
    mend_specials(values, length, slots);
  }

  template <class Value>
  KEDGE_TARGET void mend_specials(const Value* values, std::size_t length,
                                  std::uint32_t* slots) const {
    const std::size_t whole = length - length % 8;
    for (std::size_t i = 0; i < whole; i += 8) {
      const __mmask8 special =
          _mm512_fpclass_pd_mask(load(values + i), kNanClass | kPlusInfClass | kMinusInfClass);
      if (__builtin_expect(special == 0, 1)) continue;
      for (std::size_t j = i; j < i + 8; ++j) slots[j] = cell_slot(plan, values[j]);
    }
    for (std::size_t i = whole; i < length; ++i) slots[i] = cell_slot(plan, values[i]);
  }
};

template <class Job, class Value>
KEDGE_TARGET void dispatch_cuts(const CellPlan& plan, const CellValues<Value>& in,
                                std::uint32_t* out) {
  switch (plan.levels) {
    case 1:
      return Job::run(Cuts<1>(plan), plan, in, out);
    case 2:
      return Job::run(Cuts<2>(plan), plan, in, out);
    case 3:
      return Job::run(Cuts<3>(plan), plan, in, out);
    case 4:
      return Job::run(Cuts<4>(plan), plan, in, out);
    case 5:
      return Job::run(Cuts<5>(plan), plan, in, out);
    case 6:
      return Job::run(Cuts<6>(plan), plan, in, out);
    default:
      return Job::run(Cuts<7>(plan), plan, in, out);
  }
}

template <class Job, class Value>
KEDGE_TARGET void dispatch(const CellPlan& plan, const CellValues<Value>& in, std::uint32_t* out) {
  switch (plan.kind) {
    case CellKind::kAffine:
      return Job::run(AffineUnclamped(plan), plan, in, out);
    case CellKind::kLattice:
      return Job::run(Mapped<Lattice>(plan), plan, in, out);
    case CellKind::kBend:
      return Job::run(Mapped<Bend>(plan), plan, in, out);
    case CellKind::kCuts:
      return dispatch_cuts<Job>(plan, in, out);
  }
}

}  // namespace

CellVariant cell_count_avx512() noexcept {
  return {Isa::kAvx512, dispatch<Index, double>, dispatch<Index, float>, dispatch<Count, double>,
          dispatch<Count, float>};
}

}  // namespace kedge

#endif

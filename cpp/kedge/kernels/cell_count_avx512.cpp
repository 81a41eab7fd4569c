#if defined(__x86_64__)

#include "kedge/kernels/cell_count.h"

#include <immintrin.h>

#define KEDGE_TARGET __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,popcnt")))

namespace kedge {
namespace {

KEDGE_TARGET inline void keep_valid(std::uint32_t bits, std::uint32_t null, std::uint32_t* slots) {
  const __m256i nulls = _mm256_set1_epi32(static_cast<int>(null));
  const __m256i all = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(slots));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(slots),
                      _mm256_mask_mov_epi32(nulls, static_cast<__mmask8>(bits), all));
}

#include "kedge/kernels/cell_count_loop.h"

constexpr int kNanClass = 0x81;  // quiet and signalling
constexpr int kPlusInfClass = 0x08;
constexpr int kMinusInfClass = 0x10;

KEDGE_TARGET inline __m512d load(const double* values) { return _mm512_loadu_pd(values); }
KEDGE_TARGET inline __m512d load(const float* values) {
  return _mm512_cvtps_pd(_mm256_loadu_ps(values));
}

KEDGE_TARGET inline __m256i with_specials(const CellPlan& plan, __m512d v, __m256i slot) {
  const __mmask8 special = _mm512_fpclass_pd_mask(v, kNanClass | kPlusInfClass | kMinusInfClass);
  if (__builtin_expect(special == 0, 1)) return slot;
  const auto cells = static_cast<int>(plan.cells);
  slot = _mm256_mask_set1_epi32(slot, _mm512_fpclass_pd_mask(v, kNanClass), cells + 2);
  slot = _mm256_mask_set1_epi32(slot, _mm512_fpclass_pd_mask(v, kPlusInfClass), cells + 1);
  return _mm256_mask_set1_epi32(slot, _mm512_fpclass_pd_mask(v, kMinusInfClass), 0);
}

// Affine and Bend give the inner cell, `held` to 0 .. top or not. NaN is held to the top.
struct Affine {
  __m512d origin, scale;
  KEDGE_TARGET explicit Affine(const CellPlan& plan)
      : origin(_mm512_set1_pd(plan.origin)), scale(_mm512_set1_pd(plan.scale)) {}
  KEDGE_TARGET __m512d steps(__m512d v) const {
    return _mm512_mul_pd(_mm512_sub_pd(v, origin), scale);
  }
  KEDGE_TARGET __m256i operator()(__m512d v) const { return _mm512_cvttpd_epi32(steps(v)); }
  KEDGE_TARGET __m256i held(__m512d v, int top) const {
    const __m512d t = _mm512_min_pd(steps(v), _mm512_set1_pd(top));
    return _mm512_cvttpd_epi32(_mm512_max_pd(t, _mm512_setzero_pd()));
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
  __m256i middle;
  KEDGE_TARGET explicit Bend(const CellPlan& plan)
      : origin(_mm512_set1_pd(plan.origin)),
        bend(_mm512_set1_pd(plan.bend)),
        bend_bits(_mm512_set1_epi64(plan.bend_bits)),
        multiplier(_mm512_set1_epi64(plan.multiplier)),
        middle(_mm256_set1_epi32(plan.middle)) {}
  KEDGE_TARGET __m256i operator()(__m512d v) const { return from_middle(v, -1); }
  KEDGE_TARGET __m256i held(__m512d v, int top) const {
    // Steps of NaN are more than an int takes.
    const __m256i inner = _mm256_max_epi32(from_middle(v, 1 << 30), _mm256_setzero_si256());
    return _mm256_min_epi32(inner, _mm256_set1_epi32(top));
  }
  KEDGE_TARGET __m256i from_middle(__m512d v, int most) const {
    const __m512d from_origin = _mm512_sub_pd(v, origin);
    const __m512d bent = _mm512_add_pd(_mm512_abs_pd(from_origin), bend);
    const __m512i steps =
        _mm512_sub_epi64(_mm512_srli_epi64(_mm512_castpd_si512(bent), 32), bend_bits);
    const __m512i product = _mm512_mul_epu32(steps, multiplier);
    __m256i away = _mm512_cvtepi64_epi32(_mm512_srli_epi64(product, 32));
    if (most >= 0) away = _mm256_min_epu32(away, _mm256_set1_epi32(most));
    const __mmask8 left = _mm512_cmp_pd_mask(from_origin, _mm512_setzero_pd(), _CMP_LT_OQ);
    const __m256i right = _mm256_add_epi32(middle, away);
    // middle - 1 - away, as middle + ~away
    return _mm256_mask_add_epi32(right, left, middle,
                                 _mm256_xor_si256(away, _mm256_set1_epi32(-1)));
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
      const __m256i slot = _mm256_add_epi32(map(v), _mm256_set1_epi32(1));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(slots + i), with_specials(plan, v, slot));
    }
    for (std::size_t i = whole; i < length; ++i) slots[i] = cell_slot(plan, values[i]);
  }
};

// Affine and bent cells. A value in the first or the last inner cell may be outside of the range,
// one beyond them must be held to it or is no number: one unsigned comparison finds all of these.
// They are rare in data that look like the reference, so the detour is cheap where it matters.
template <class Map>
struct Bounded {
  const CellPlan& plan;
  Map map;
  __m256i ends, inside;
  KEDGE_TARGET explicit Bounded(const CellPlan& p)
      : plan(p),
        map(p),
        ends(_mm256_set1_epi32(p.cells > 4 ? static_cast<int>(p.cells) - 4 : 0)),
        inside(_mm256_set1_epi32(2)) {}

  KEDGE_TARGET __m256i held(__m512d v) const {
    const auto cells = static_cast<int>(plan.cells);
    __m256i slot = _mm256_add_epi32(map.held(v, cells - 3), inside);
    slot = _mm256_mask_set1_epi32(slot, _mm512_cmp_pd_mask(v, _mm512_set1_pd(plan.low), _CMP_LT_OQ),
                                  1);
    slot = _mm256_mask_set1_epi32(
        slot, _mm512_cmp_pd_mask(v, _mm512_set1_pd(plan.high), _CMP_GT_OQ), cells);
    return with_specials(plan, v, slot);
  }

  template <class Value>
  KEDGE_TARGET void operator()(const Value* values, std::size_t length,
                               std::uint32_t* slots) const {
    const __m256i one = _mm256_set1_epi32(1);
    const std::size_t whole = length - length % 8;
    for (std::size_t i = 0; i < whole; i += 8) {
      const __m512d v = load(values + i);
      const __m256i inner = map(v);
      __m256i slot = _mm256_add_epi32(inner, inside);
      const bool may_be_outside = _mm256_cmpge_epu32_mask(_mm256_sub_epi32(inner, one), ends) != 0;
      if (__builtin_expect(may_be_outside, 0)) slot = held(v);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(slots + i), slot);
    }
    for (std::size_t i = whole; i < length; ++i) slots[i] = cell_slot(plan, values[i]);
  }
};

// Puts inner cells that are held to their bounds between the atoms, if there are any. Whatever is
// outside of the range or no number has an inner cell at an end, and all atoms or none before it.
struct Atoms {
  const CellPlan& plan;
  __m512d first;  // NaN, which nothing is below, when there is none
  __m256i past_all, ends;
  KEDGE_TARGET explicit Atoms(const CellPlan& p)
      : plan(p),
        first(_mm512_set1_pd(p.atom_count > 0 ? p.atoms[0] : __builtin_nan(""))),
        past_all(_mm256_set1_epi32(2 + 2 * static_cast<int>(p.atom_count))),
        ends(_mm256_set1_epi32(p.cells > 4 ? static_cast<int>(p.cells) - 4 : 0)) {}

  KEDGE_TARGET __m256i slots_of(__m512d v, __m256i inner) const {
    __m256i slot = before(first, v, _mm256_add_epi32(inner, past_all));
    for (std::uint32_t i = 1; i < plan.atom_count; ++i) {
      slot = before(_mm512_set1_pd(plan.atoms[i]), v, slot);
    }
    return slot;
  }

  KEDGE_TARGET static __m256i before(__m512d atom, __m512d v, __m256i slot) {
    const __m256i one = _mm256_set1_epi32(1);
    slot = _mm256_mask_sub_epi32(slot, _mm512_cmp_pd_mask(v, atom, _CMP_LT_OQ), slot, one);
    return _mm256_mask_sub_epi32(slot, _mm512_cmp_pd_mask(v, atom, _CMP_LE_OQ), slot, one);
  }

  KEDGE_TARGET __m256i mended(__m512d v, __m256i slot) const {
    const __mmask8 below = _mm512_cmp_pd_mask(v, _mm512_set1_pd(plan.low), _CMP_LT_OQ);
    const __mmask8 above = _mm512_cmp_pd_mask(v, _mm512_set1_pd(plan.high), _CMP_GT_OQ);
    slot = _mm256_mask_set1_epi32(slot, below, 1);
    slot = _mm256_mask_set1_epi32(slot, above, static_cast<int>(plan.cells));
    return with_specials(plan, v, slot);
  }

  KEDGE_TARGET void put(__m512d v, __m256i inner, std::uint32_t* slots) const {
    __m256i slot = slots_of(v, inner);
    const __m256i from_third = _mm256_sub_epi32(slot, _mm256_set1_epi32(3));
    const bool may_be_outside = _mm256_cmpge_epu32_mask(from_third, ends) != 0;
    if (__builtin_expect(may_be_outside, 0)) slot = mended(v, slot);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(slots), slot);
  }
};

template <class Map>
struct Parted {
  const CellPlan& plan;
  Map map;
  Atoms atoms;
  int top;
  KEDGE_TARGET explicit Parted(const CellPlan& p)
      : plan(p), map(p), atoms(p), top(static_cast<int>(inner_cells(p)) - 1) {}

  template <class Value>
  KEDGE_TARGET void operator()(const Value* values, std::size_t length,
                               std::uint32_t* slots) const {
    const std::size_t whole = length - length % 8;
    for (std::size_t i = 0; i < whole; i += 8) {
      const __m512d v = load(values + i);
      atoms.put(v, map.held(v, top), slots + i);
    }
    for (std::size_t i = whole; i < length; ++i) slots[i] = cell_slot(plan, values[i]);
  }
};

// The parts are found for the whole run before any of them is loaded, so that no load waits for its
// address. Eight records become four vectors: a gather of each number takes five times as long.
struct Clusters {
  const CellPlan& plan;
  Affine map;
  Atoms atoms;
  KEDGE_TARGET explicit Clusters(const CellPlan& p) : plan(p), map(p), atoms(p) {}

  KEDGE_TARGET __m512d two_parts(std::uint32_t low, std::uint32_t high) const {
    const __m256d part = _mm256_load_pd(&plan.parts[low].offset);
    return _mm512_insertf64x4(_mm512_castpd256_pd512(part),
                              _mm256_load_pd(&plan.parts[high].offset), 1);
  }

  KEDGE_TARGET __m256i inner(__m512d v, const std::uint32_t* parts) const {
    const __m512d a = two_parts(parts[0], parts[4]);
    const __m512d b = two_parts(parts[1], parts[5]);
    const __m512d c = two_parts(parts[2], parts[6]);
    const __m512d d = two_parts(parts[3], parts[7]);
    const __m512i left = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13);
    const __m512i right = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
    const __m512d even_ab = _mm512_unpacklo_pd(a, b);
    const __m512d even_cd = _mm512_unpacklo_pd(c, d);
    const __m512d odd_ab = _mm512_unpackhi_pd(a, b);
    const __m512d odd_cd = _mm512_unpackhi_pd(c, d);
    const __m512d offset = _mm512_permutex2var_pd(even_ab, left, even_cd);
    const __m512d scale = _mm512_permutex2var_pd(odd_ab, left, odd_cd);
    const __m512d first = _mm512_permutex2var_pd(even_ab, right, even_cd);
    const __m512d last = _mm512_permutex2var_pd(odd_ab, right, odd_cd);
    const __m512d u = _mm512_add_pd(_mm512_mul_pd(_mm512_sub_pd(v, offset), scale), first);
    return _mm512_cvttpd_epi32(_mm512_max_pd(_mm512_min_pd(u, last), first));
  }

  template <class Value>
  KEDGE_TARGET void operator()(const Value* values, std::size_t length,
                               std::uint32_t* slots) const {
    const int top = static_cast<int>(plan.part_count) - 1;
    const std::size_t whole = length - length % 8;
    for (std::size_t i = 0; i < whole; i += 8) {
      const __m256i part = map.held(load(values + i), top);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(slots + i), part);
    }
    for (std::size_t i = 0; i < whole; i += 8) {
      const __m512d v = load(values + i);
      atoms.put(v, inner(v, slots + i), slots + i);
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
KEDGE_TARGET void run_kind(const CellPlan& plan, const CellValues<Value>& in, std::uint32_t* out) {
  switch (plan.kind) {
    case CellKind::kAffine:
      if (plan.atom_count > 0) return Job::run(Parted<Affine>(plan), plan, in, out);
      return Job::run(Bounded<Affine>(plan), plan, in, out);
    case CellKind::kLattice:
      return Job::run(Mapped<Lattice>(plan), plan, in, out);
    case CellKind::kBend:
      if (plan.atom_count > 0) return Job::run(Parted<Bend>(plan), plan, in, out);
      return Job::run(Bounded<Bend>(plan), plan, in, out);
    case CellKind::kClusters:
      return Job::run(Clusters(plan), plan, in, out);
    case CellKind::kCuts:
      return dispatch_cuts<Job>(plan, in, out);
  }
}

// GCC 12 leaves the upper halves of the registers in use behind some of the calls above, and all
// SSE code of the process is two to five times as slow from there on.
template <class Job, class Value>
KEDGE_TARGET void dispatch(const CellPlan& plan, const CellValues<Value>& in, std::uint32_t* out) {
  run_kind<Job>(plan, in, out);
  _mm256_zeroupper();
}

}  // namespace

CellVariant cell_count_avx512() noexcept {
  return {Isa::kAvx512, dispatch<Index, double>, dispatch<Index, float>, dispatch<Count, double>,
          dispatch<Count, float>};
}

}  // namespace kedge

#endif

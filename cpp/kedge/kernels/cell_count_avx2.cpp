#if defined(__x86_64__)

#include "kedge/kernels/cell_count.h"

#include <immintrin.h>

#define KEDGE_TARGET __attribute__((target("avx2,popcnt")))

namespace kedge {
namespace {

KEDGE_TARGET inline void keep_valid(std::uint32_t bits, std::uint32_t null, std::uint32_t* slots) {
  const __m256i lanes = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
  const __m256i valid =
      _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32(static_cast<int>(bits)), lanes), lanes);
  const __m256i all = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(slots));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(slots),
                      _mm256_blendv_epi8(_mm256_set1_epi32(static_cast<int>(null)), all, valid));
}

#include "kedge/kernels/cell_count_loop.h"

KEDGE_TARGET inline __m256d load(const double* values) { return _mm256_loadu_pd(values); }
KEDGE_TARGET inline __m256d load(const float* values) {
  return _mm256_cvtps_pd(_mm_loadu_ps(values));
}

// Set where a value is infinite or NaN.
KEDGE_TARGET inline int specials(__m256d v) {
  const __m256d absolute = _mm256_andnot_pd(_mm256_set1_pd(-0.0), v);
  return _mm256_movemask_pd(_mm256_cmp_pd(absolute, _mm256_set1_pd(__builtin_inf()), _CMP_NLT_UQ));
}

// The low halves of four 64-bit numbers.
KEDGE_TARGET inline __m128i low_halves(__m256i numbers) {
  const __m256i order = _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6);
  return _mm256_castsi256_si128(_mm256_permutevar8x32_epi32(numbers, order));
}

// Affine and Bend give the inner cell, `held` to 0 .. top or not. NaN is held to the top.
struct Affine {
  __m256d origin, scale;
  KEDGE_TARGET explicit Affine(const CellPlan& plan)
      : origin(_mm256_set1_pd(plan.origin)), scale(_mm256_set1_pd(plan.scale)) {}
  KEDGE_TARGET __m128i operator()(__m256d v) const { return _mm256_cvttpd_epi32(steps(v)); }
  KEDGE_TARGET __m256d steps(__m256d v) const {
    return _mm256_mul_pd(_mm256_sub_pd(v, origin), scale);
  }
  KEDGE_TARGET __m128i held(__m256d v, int top) const {
    const __m256d t = _mm256_min_pd(steps(v), _mm256_set1_pd(top));
    return _mm256_cvttpd_epi32(_mm256_max_pd(t, _mm256_setzero_pd()));
  }
};

struct Lattice {
  __m256d scale, low, high, first;
  KEDGE_TARGET explicit Lattice(const CellPlan& plan)
      : scale(_mm256_set1_pd(plan.scale)),
        low(_mm256_set1_pd(plan.first - 0.5)),
        high(_mm256_set1_pd(plan.last + 0.5)),
        first(_mm256_set1_pd(plan.first)) {}
  KEDGE_TARGET __m128i operator()(__m256d v) const {
    __m256d t = _mm256_mul_pd(v, scale);
    t = _mm256_min_pd(_mm256_max_pd(t, low), high);
    const __m256d floor = _mm256_floor_pd(t);
    const __m256d one = _mm256_set1_pd(1.0);
    const __m256d between = _mm256_and_pd(_mm256_cmp_pd(floor, t, _CMP_NEQ_UQ), one);
    const __m256d point = _mm256_sub_pd(floor, first);
    const __m256d cell = _mm256_add_pd(_mm256_add_pd(point, point), one);
    return _mm256_cvttpd_epi32(_mm256_add_pd(cell, between));
  }
};

struct Bend {
  __m256d origin, bend;
  __m256i bend_bits, multiplier, middle;
  KEDGE_TARGET explicit Bend(const CellPlan& plan)
      : origin(_mm256_set1_pd(plan.origin)),
        bend(_mm256_set1_pd(plan.bend)),
        bend_bits(_mm256_set1_epi64x(plan.bend_bits)),
        multiplier(_mm256_set1_epi64x(plan.multiplier)),
        middle(_mm256_set1_epi64x(plan.middle)) {}
  KEDGE_TARGET __m128i operator()(__m256d v) const { return from_middle(v, -1); }
  KEDGE_TARGET __m128i held(__m256d v, int top) const {
    // Steps of NaN are more than an int takes.
    const __m128i inner = _mm_max_epi32(from_middle(v, 1 << 30), _mm_setzero_si128());
    return _mm_min_epi32(inner, _mm_set1_epi32(top));
  }
  KEDGE_TARGET __m128i from_middle(__m256d v, int most) const {
    const __m256d from_origin = _mm256_sub_pd(v, origin);
    const __m256d bent = _mm256_add_pd(_mm256_andnot_pd(_mm256_set1_pd(-0.0), from_origin), bend);
    const __m256i steps =
        _mm256_sub_epi64(_mm256_srli_epi64(_mm256_castpd_si256(bent), 32), bend_bits);
    __m256i away = _mm256_srli_epi64(_mm256_mul_epu32(steps, multiplier), 32);
    if (most >= 0) away = _mm256_min_epu32(away, _mm256_set1_epi32(most));
    const __m256i left =
        _mm256_castpd_si256(_mm256_cmp_pd(from_origin, _mm256_setzero_pd(), _CMP_LT_OQ));
    // ~away turns middle + away into middle - 1 - away.
    return low_halves(_mm256_add_epi64(middle, _mm256_xor_si256(away, left)));
  }
};

struct Cuts {
  const CellPlan& plan;
  KEDGE_TARGET explicit Cuts(const CellPlan& p) : plan(p) {}
  KEDGE_TARGET std::uint32_t one(__m256d v) const {
    std::uint64_t node = 0;
    for (std::uint32_t l = 0; l < plan.levels; ++l) {
      const double* keys = plan.keys + plan.level_start[l] + node * kCutsPerNode;
      const __m256d low = _mm256_cmp_pd(_mm256_load_pd(keys), v, _CMP_LE_OQ);
      const __m256d high = _mm256_cmp_pd(_mm256_load_pd(keys + 4), v, _CMP_LE_OQ);
      const auto below = static_cast<unsigned>(
          __builtin_popcount(static_cast<unsigned>(_mm256_movemask_pd(low))) +
          __builtin_popcount(static_cast<unsigned>(_mm256_movemask_pd(high))));
      node = node * (l + 1 == plan.levels ? kCutsPerNode : kCutsPerNode + 1) + below;
    }
    return static_cast<std::uint32_t>(node);
  }
  KEDGE_TARGET __m128i operator()(__m256d v) const {
    const __m256d a = _mm256_permute4x64_pd(v, 0x00);
    const __m256d b = _mm256_permute4x64_pd(v, 0x55);
    const __m256d c = _mm256_permute4x64_pd(v, 0xaa);
    const __m256d d = _mm256_permute4x64_pd(v, 0xff);
    return _mm_setr_epi32(static_cast<int>(one(a)), static_cast<int>(one(b)),
                          static_cast<int>(one(c)), static_cast<int>(one(d)));
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
    const __m128i one = _mm_set1_epi32(1);
    const std::size_t whole = length - length % 4;
    for (std::size_t i = 0; i < whole; i += 4) {
      const __m256d v = load(values + i);
      _mm_storeu_si128(reinterpret_cast<__m128i*>(slots + i), _mm_add_epi32(map(v), one));
      if (__builtin_expect(specials(v) == 0, 1)) continue;
      for (std::size_t j = i; j < i + 4; ++j) slots[j] = cell_slot(plan, values[j]);
    }
    for (std::size_t i = whole; i < length; ++i) slots[i] = cell_slot(plan, values[i]);
  }
};

// Affine and bent cells. A value in the first or the last inner cell may be outside of the range,
// one beyond them must be held to it or is no number: one unsigned comparison finds all of these.
template <class Map>
struct Bounded {
  const CellPlan& plan;
  Map map;
  __m128i ends;
  KEDGE_TARGET explicit Bounded(const CellPlan& p)
      : plan(p), map(p), ends(_mm_set1_epi32(p.cells > 4 ? static_cast<int>(p.cells) - 4 : 0)) {}

  template <class Value>
  KEDGE_TARGET void operator()(const Value* values, std::size_t length,
                               std::uint32_t* slots) const {
    const std::size_t whole = length - length % 4;
    for (std::size_t i = 0; i < whole; i += 4) {
      const __m128i inner = map(load(values + i));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(slots + i),
                       _mm_add_epi32(inner, _mm_set1_epi32(2)));
      const __m128i from_second = _mm_sub_epi32(inner, _mm_set1_epi32(1));
      const __m128i may_be_outside = _mm_cmpeq_epi32(_mm_max_epu32(from_second, ends), from_second);
      if (__builtin_expect(_mm_movemask_epi8(may_be_outside) == 0, 1)) continue;
      for (std::size_t j = i; j < i + 4; ++j) slots[j] = cell_slot(plan, values[j]);
    }
    for (std::size_t i = whole; i < length; ++i) slots[i] = cell_slot(plan, values[i]);
  }
};

// Puts inner cells that are held to their bounds between the atoms, if there are any. Whatever is
// outside of the range or no number has an inner cell at an end, and all atoms or none before it.
struct Atoms {
  const CellPlan& plan;
  __m128i past_all, ends;
  KEDGE_TARGET explicit Atoms(const CellPlan& p)
      : plan(p),
        past_all(_mm_set1_epi32(2 + 2 * static_cast<int>(p.atom_count))),
        ends(_mm_set1_epi32(p.cells > 4 ? static_cast<int>(p.cells) - 4 : 0)) {}

  KEDGE_TARGET __m128i slots_of(__m256d v, __m128i inner) const {
    __m256i passed = _mm256_setzero_si256();
    for (std::uint32_t i = 0; i < plan.atom_count; ++i) {
      const __m256d atom = _mm256_set1_pd(plan.atoms[i]);
      const __m256i below = _mm256_castpd_si256(_mm256_cmp_pd(v, atom, _CMP_LT_OQ));
      const __m256i at_most = _mm256_castpd_si256(_mm256_cmp_pd(v, atom, _CMP_LE_OQ));
      passed = _mm256_add_epi64(passed, _mm256_add_epi64(below, at_most));  // each hit is -1
    }
    return _mm_add_epi32(_mm_add_epi32(inner, past_all), low_halves(passed));
  }

  template <class Value>
  KEDGE_TARGET void put(const Value* values, __m256d v, __m128i inner, std::uint32_t* slots) const {
    const __m128i slot = slots_of(v, inner);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(slots), slot);
    const __m128i from_third = _mm_sub_epi32(slot, _mm_set1_epi32(3));
    const __m128i may_be_outside = _mm_cmpeq_epi32(_mm_max_epu32(from_third, ends), from_third);
    if (__builtin_expect(_mm_movemask_epi8(may_be_outside) == 0, 1)) return;
    for (std::size_t i = 0; i < 4; ++i) slots[i] = cell_slot(plan, values[i]);
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
    const std::size_t whole = length - length % 4;
    for (std::size_t i = 0; i < whole; i += 4) {
      const __m256d v = load(values + i);
      atoms.put(values + i, v, map.held(v, top), slots + i);
    }
    for (std::size_t i = whole; i < length; ++i) slots[i] = cell_slot(plan, values[i]);
  }
};

// The parts are found for the whole run before any of them is loaded, so that no load waits for its
// address. Four records become four vectors.
struct Clusters {
  const CellPlan& plan;
  Affine map;
  Atoms atoms;
  KEDGE_TARGET explicit Clusters(const CellPlan& p) : plan(p), map(p), atoms(p) {}

  KEDGE_TARGET __m128i inner(__m256d v, const std::uint32_t* parts) const {
    const __m256d a = _mm256_load_pd(&plan.parts[parts[0]].offset);
    const __m256d b = _mm256_load_pd(&plan.parts[parts[1]].offset);
    const __m256d c = _mm256_load_pd(&plan.parts[parts[2]].offset);
    const __m256d d = _mm256_load_pd(&plan.parts[parts[3]].offset);
    const __m256d even_ab = _mm256_unpacklo_pd(a, b);
    const __m256d even_cd = _mm256_unpacklo_pd(c, d);
    const __m256d odd_ab = _mm256_unpackhi_pd(a, b);
    const __m256d odd_cd = _mm256_unpackhi_pd(c, d);
    const __m256d offset = _mm256_permute2f128_pd(even_ab, even_cd, 0x20);
    const __m256d scale = _mm256_permute2f128_pd(odd_ab, odd_cd, 0x20);
    const __m256d first = _mm256_permute2f128_pd(even_ab, even_cd, 0x31);
    const __m256d last = _mm256_permute2f128_pd(odd_ab, odd_cd, 0x31);
    const __m256d u = _mm256_add_pd(_mm256_mul_pd(_mm256_sub_pd(v, offset), scale), first);
    return _mm256_cvttpd_epi32(_mm256_max_pd(_mm256_min_pd(u, last), first));
  }

  template <class Value>
  KEDGE_TARGET void operator()(const Value* values, std::size_t length,
                               std::uint32_t* slots) const {
    const int top = static_cast<int>(plan.part_count) - 1;
    const std::size_t whole = length - length % 4;
    for (std::size_t i = 0; i < whole; i += 4) {
      const __m128i part = map.held(load(values + i), top);
      _mm_storeu_si128(reinterpret_cast<__m128i*>(slots + i), part);
    }
    for (std::size_t i = 0; i < whole; i += 4) {
      const __m256d v = load(values + i);
      atoms.put(values + i, v, inner(v, slots + i), slots + i);
    }
    for (std::size_t i = whole; i < length; ++i) slots[i] = cell_slot(plan, values[i]);
  }
};

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
      return Job::run(Mapped<Cuts>(plan), plan, in, out);
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

CellVariant cell_count_avx2() noexcept {
  return {Isa::kAvx2, dispatch<Index, double>, dispatch<Index, float>, dispatch<Count, double>,
          dispatch<Count, float>};
}

}  // namespace kedge

#endif

#if defined(__aarch64__)

#include "kedge/kernels/cell_count.h"

#include <arm_neon.h>

namespace kedge {
namespace {

#define KEDGE_TARGET
inline void keep_valid(std::uint32_t bits, std::uint32_t null, std::uint32_t* slots) {
  const uint32x4_t low = {1, 2, 4, 8};
  const uint32x4_t all = vdupq_n_u32(bits);
  const uint32x4_t nulls = vdupq_n_u32(null);
  vst1q_u32(slots, vbslq_u32(vtstq_u32(all, low), vld1q_u32(slots), nulls));
  const uint32x4_t high = vshlq_n_u32(low, 4);
  vst1q_u32(slots + 4, vbslq_u32(vtstq_u32(all, high), vld1q_u32(slots + 4), nulls));
}

#include "kedge/kernels/cell_count_loop.h"

inline float64x2_t load(const double* values) { return vld1q_f64(values); }
inline float64x2_t load(const float* values) { return vcvt_f64_f32(vld1_f32(values)); }

inline bool has_specials(float64x2_t v) {
  const uint64x2_t finite = vcltq_f64(vabsq_f64(v), vdupq_n_f64(__builtin_inf()));
  return (vgetq_lane_u64(finite, 0) & vgetq_lane_u64(finite, 1)) == 0;
}

// Affine and Bend give the inner cell, `held` to 0 .. top or not. NaN is held to the top.
struct Affine {
  float64x2_t origin, scale;
  explicit Affine(const CellPlan& plan)
      : origin(vdupq_n_f64(plan.origin)), scale(vdupq_n_f64(plan.scale)) {}
  int64x2_t operator()(float64x2_t v) const { return vcvtq_s64_f64(steps(v)); }
  float64x2_t steps(float64x2_t v) const { return vmulq_f64(vsubq_f64(v, origin), scale); }
  int32x2_t held(float64x2_t v, int top) const {
    const float64x2_t t = vminnmq_f64(steps(v), vdupq_n_f64(top));
    return vmovn_s64(vcvtq_s64_f64(vmaxnmq_f64(t, vdupq_n_f64(0))));
  }
};

struct Lattice {
  float64x2_t scale, low, high, first;
  explicit Lattice(const CellPlan& plan)
      : scale(vdupq_n_f64(plan.scale)),
        low(vdupq_n_f64(plan.first - 0.5)),
        high(vdupq_n_f64(plan.last + 0.5)),
        first(vdupq_n_f64(plan.first)) {}
  int64x2_t operator()(float64x2_t v) const {
    const float64x2_t t = vminnmq_f64(vmaxnmq_f64(vmulq_f64(v, scale), low), high);
    const float64x2_t floor = vrndmq_f64(t);
    const int64x2_t point = vcvtq_s64_f64(vsubq_f64(floor, first));
    const int64x2_t cell = vaddq_s64(vaddq_s64(point, point), vdupq_n_s64(2));
    // The comparison gives -1 for a value on its point.
    return vaddq_s64(cell, vreinterpretq_s64_u64(vceqq_f64(floor, t)));
  }
};

struct Bend {
  float64x2_t origin, bend;
  uint64x2_t bend_bits;
  uint32x2_t multiplier;
  int64x2_t middle;
  explicit Bend(const CellPlan& plan)
      : origin(vdupq_n_f64(plan.origin)),
        bend(vdupq_n_f64(plan.bend)),
        bend_bits(vdupq_n_u64(plan.bend_bits)),
        multiplier(vdup_n_u32(plan.multiplier)),
        middle(vdupq_n_s64(plan.middle)) {}
  int64x2_t operator()(float64x2_t v) const {
    const float64x2_t from_origin = vsubq_f64(v, origin);
    const float64x2_t bent = vaddq_f64(vabsq_f64(from_origin), bend);
    const uint64x2_t steps = vsubq_u64(vshrq_n_u64(vreinterpretq_u64_f64(bent), 32), bend_bits);
    const uint64x2_t away = vshrq_n_u64(vmull_u32(vmovn_u64(steps), multiplier), 32);
    const uint64x2_t left = vcltzq_f64(from_origin);
    // ~away turns middle + away into middle - 1 - away.
    return vaddq_s64(middle, vreinterpretq_s64_u64(veorq_u64(away, left)));
  }
  int32x2_t held(float64x2_t v, int top) const {
    const int32x2_t inner = vqmovn_s64((*this)(v));
    return vmin_s32(vmax_s32(inner, vdup_n_s32(0)), vdup_n_s32(top));
  }
};

struct Cuts {
  const CellPlan& plan;
  explicit Cuts(const CellPlan& p) : plan(p) {}
  int64_t one(float64x2_t v) const {
    std::uint64_t node = 0;
    for (std::uint32_t l = 0; l < plan.levels; ++l) {
      const double* keys = plan.keys + plan.level_start[l] + node * kCutsPerNode;
      const uint64x2_t a =
          vaddq_u64(vcleq_f64(vld1q_f64(keys), v), vcleq_f64(vld1q_f64(keys + 2), v));
      const uint64x2_t b =
          vaddq_u64(vcleq_f64(vld1q_f64(keys + 4), v), vcleq_f64(vld1q_f64(keys + 6), v));
      const std::uint64_t below = 0 - vaddvq_u64(vaddq_u64(a, b));  // each hit is -1
      node = node * (l + 1 == plan.levels ? kCutsPerNode : kCutsPerNode + 1) + below;
    }
    return static_cast<int64_t>(node);
  }
  int64x2_t operator()(float64x2_t v) const {
    return int64x2_t{one(vdupq_laneq_f64(v, 0)), one(vdupq_laneq_f64(v, 1))};
  }
};

template <class Map>
struct Mapped {
  const CellPlan& plan;
  Map map;
  explicit Mapped(const CellPlan& p) : plan(p), map(p) {}

  template <class Value>
  void operator()(const Value* values, std::size_t length, std::uint32_t* slots) const {
    const uint32x2_t one = vdup_n_u32(1);
    const std::size_t whole = length - length % 2;
    for (std::size_t i = 0; i < whole; i += 2) {
      const float64x2_t v = load(values + i);
      vst1_u32(slots + i, vadd_u32(vmovn_u64(vreinterpretq_u64_s64(map(v))), one));
      if (__builtin_expect(!has_specials(v), 1)) continue;
      slots[i] = cell_slot(plan, values[i]);
      slots[i + 1] = cell_slot(plan, values[i + 1]);
    }
    for (std::size_t i = whole; i < length; ++i) slots[i] = cell_slot(plan, values[i]);
  }
};

// Affine and bent cells. A value in the first or the last inner cell may be outside of the range,
// one beyond them must be held to it or is no number: one unsigned comparison finds all of these,
// but NaN, which converts to 0, an end.
template <class Map>
struct Bounded {
  const CellPlan& plan;
  Map map;
  uint64x2_t ends;
  explicit Bounded(const CellPlan& p)
      : plan(p), map(p), ends(vdupq_n_u64(p.cells > 4 ? p.cells - 4 : 0)) {}

  template <class Value>
  void operator()(const Value* values, std::size_t length, std::uint32_t* slots) const {
    const std::size_t whole = length - length % 2;
    for (std::size_t i = 0; i < whole; i += 2) {
      const uint64x2_t inner = vreinterpretq_u64_s64(map(load(values + i)));
      vst1_u32(slots + i, vadd_u32(vmovn_u64(inner), vdup_n_u32(2)));
      const uint64x2_t may_be_outside = vcgeq_u64(vsubq_u64(inner, vdupq_n_u64(1)), ends);
      if (__builtin_expect(vmaxvq_u32(vreinterpretq_u32_u64(may_be_outside)) == 0, 1)) continue;
      slots[i] = cell_slot(plan, values[i]);
      slots[i + 1] = cell_slot(plan, values[i + 1]);
    }
    for (std::size_t i = whole; i < length; ++i) slots[i] = cell_slot(plan, values[i]);
  }
};

// Puts inner cells that are held to their bounds between the atoms, if there are any. Whatever is
// outside of the range or no number has an inner cell at an end, and all atoms or none before it.
struct Atoms {
  const CellPlan& plan;
  int32x2_t past_all;
  uint32x2_t ends;
  explicit Atoms(const CellPlan& p)
      : plan(p),
        past_all(vdup_n_s32(2 + 2 * static_cast<int>(p.atom_count))),
        ends(vdup_n_u32(p.cells > 4 ? p.cells - 4 : 0)) {}

  uint32x2_t slots_of(float64x2_t v, int32x2_t inner) const {
    uint64x2_t passed = vdupq_n_u64(0);
    for (std::uint32_t i = 0; i < plan.atom_count; ++i) {
      const float64x2_t atom = vdupq_n_f64(plan.atoms[i]);
      // Each hit is -1.
      passed = vaddq_u64(passed, vaddq_u64(vcltq_f64(v, atom), vcleq_f64(v, atom)));
    }
    return vadd_u32(vreinterpret_u32_s32(vadd_s32(inner, past_all)), vmovn_u64(passed));
  }

  template <class Value>
  void put(const Value* values, float64x2_t v, int32x2_t inner, std::uint32_t* slots) const {
    const uint32x2_t slot = slots_of(v, inner);
    vst1_u32(slots, slot);
    const uint32x2_t may_be_outside = vcge_u32(vsub_u32(slot, vdup_n_u32(3)), ends);
    if (__builtin_expect(vmaxv_u32(may_be_outside) == 0, 1)) return;
    slots[0] = cell_slot(plan, values[0]);
    slots[1] = cell_slot(plan, values[1]);
  }
};

template <class Map>
struct Parted {
  const CellPlan& plan;
  Map map;
  Atoms atoms;
  int top;
  explicit Parted(const CellPlan& p)
      : plan(p), map(p), atoms(p), top(static_cast<int>(inner_cells(p)) - 1) {}

  template <class Value>
  void operator()(const Value* values, std::size_t length, std::uint32_t* slots) const {
    const std::size_t whole = length - length % 2;
    for (std::size_t i = 0; i < whole; i += 2) {
      const float64x2_t v = load(values + i);
      atoms.put(values + i, v, map.held(v, top), slots + i);
    }
    for (std::size_t i = whole; i < length; ++i) slots[i] = cell_slot(plan, values[i]);
  }
};

// The parts are found for the whole run before any of them is loaded, so that no load waits for its
// address.
struct Clusters {
  const CellPlan& plan;
  Affine map;
  Atoms atoms;
  explicit Clusters(const CellPlan& p) : plan(p), map(p), atoms(p) {}

  int32x2_t inner(float64x2_t v, const std::uint32_t* parts) const {
    const CellPart& a = plan.parts[parts[0]];
    const CellPart& b = plan.parts[parts[1]];
    const float64x2_t low_a = vld1q_f64(&a.offset);
    const float64x2_t low_b = vld1q_f64(&b.offset);
    const float64x2_t high_a = vld1q_f64(&a.first);
    const float64x2_t high_b = vld1q_f64(&b.first);
    const float64x2_t first = vzip1q_f64(high_a, high_b);
    const float64x2_t last = vzip2q_f64(high_a, high_b);
    const float64x2_t from_offset = vsubq_f64(v, vzip1q_f64(low_a, low_b));
    const float64x2_t u = vaddq_f64(vmulq_f64(from_offset, vzip2q_f64(low_a, low_b)), first);
    return vmovn_s64(vcvtq_s64_f64(vmaxnmq_f64(vminnmq_f64(u, last), first)));
  }

  template <class Value>
  void operator()(const Value* values, std::size_t length, std::uint32_t* slots) const {
    const int top = static_cast<int>(plan.part_count) - 1;
    const std::size_t whole = length - length % 2;
    for (std::size_t i = 0; i < whole; i += 2) {
      vst1_u32(slots + i, vreinterpret_u32_s32(map.held(load(values + i), top)));
    }
    for (std::size_t i = 0; i < whole; i += 2) {
      const float64x2_t v = load(values + i);
      atoms.put(values + i, v, inner(v, slots + i), slots + i);
    }
    for (std::size_t i = whole; i < length; ++i) slots[i] = cell_slot(plan, values[i]);
  }
};

template <class Job, class Value>
void dispatch(const CellPlan& plan, const CellValues<Value>& in, std::uint32_t* out) {
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

}  // namespace

CellVariant cell_count_neon() noexcept {
  return {Isa::kNeon, dispatch<Index, double>, dispatch<Index, float>, dispatch<Count, double>,
          dispatch<Count, float>};
}

}  // namespace kedge

#endif

#include <bit>

#include "kedge/base/bits.h"
#include "kedge/kernels/cell_count.h"

namespace kedge {
namespace {

constexpr double kInfinity = __builtin_inf();

std::uint32_t affine_inner(const CellPlan& plan, double value) noexcept {
  double t = (value - plan.origin) * plan.scale;
  t = t > 0 ? t : 0;
  const double top = static_cast<double>(inner_cells(plan) - 1);
  return static_cast<std::uint32_t>(t < top ? t : top);
}

std::uint32_t lattice_cell(const CellPlan& plan, double value) noexcept {
  double t = value * plan.scale;
  t = t > plan.first - 0.5 ? t : plan.first - 0.5;
  t = t < plan.last + 0.5 ? t : plan.last + 0.5;
  const auto whole = static_cast<std::int64_t>(t);
  const std::int64_t floor = whole - (static_cast<double>(whole) > t);
  const auto point = floor - static_cast<std::int64_t>(plan.first);
  return static_cast<std::uint32_t>(2 * point + 1 + (static_cast<double>(floor) != t));
}

std::uint32_t bend_inner(const CellPlan& plan, double value) noexcept {
  const double from_origin = value - plan.origin;
  const double bent = __builtin_fabs(from_origin) + plan.bend;
  const auto steps =
      static_cast<std::uint32_t>(std::bit_cast<std::uint64_t>(bent) >> 32) - plan.bend_bits;
  const auto away = static_cast<std::int64_t>((std::uint64_t{steps} * plan.multiplier) >> 32);
  const std::int64_t inner = from_origin < 0 ? plan.middle - 1 - away : plan.middle + away;
  const std::int64_t top = inner_cells(plan) - 1;
  return static_cast<std::uint32_t>(inner < 0 ? 0 : inner > top ? top : inner);
}

std::uint32_t clusters_inner(const CellPlan& plan, double value) noexcept {
  double t = (value - plan.origin) * plan.scale;
  t = t > 0 ? t : 0;
  const double top = plan.part_count - 1.0;
  const CellPart& part = plan.parts[static_cast<std::uint32_t>(t < top ? t : top)];
  double u = (value - part.offset) * part.scale + part.first;
  u = u > part.first ? u : part.first;
  return static_cast<std::uint32_t>(u < part.last ? u : part.last);
}

template <class Inner>
std::uint32_t bounded_cell(const CellPlan& plan, double value, const Inner& inner) noexcept {
  if (value < plan.low) return 0;
  if (value > plan.high) return plan.cells - 1;
  std::uint32_t cell = 1 + inner(plan, value);
  for (std::uint32_t i = 0; i < plan.atom_count; ++i) {
    cell += (plan.atoms[i] <= value) + (plan.atoms[i] < value);
  }
  return cell;
}

std::uint32_t cuts_cell(const CellPlan& plan, double value) noexcept {
  std::uint32_t node = 0;
  for (std::uint32_t level = 0; level < plan.levels; ++level) {
    const double* keys = plan.keys + plan.level_start[level] + node * kCutsPerNode;
    std::uint32_t below = 0;
    for (std::size_t i = 0; i < kCutsPerNode; ++i) below += keys[i] <= value;
    const bool leaf = level + 1 == plan.levels;
    node = node * static_cast<std::uint32_t>(leaf ? kCutsPerNode : kCutsPerNode + 1) + below;
  }
  return node;
}

#define KEDGE_TARGET
inline void keep_valid(std::uint32_t bits, std::uint32_t null, std::uint32_t* slots) {
  for (std::uint32_t i = 0; i < 8; ++i) slots[i] = ((bits >> i) & 1) != 0 ? slots[i] : null;
}

#include "kedge/kernels/cell_count_loop.h"

struct OneByOne {
  const CellPlan& plan;
  template <class Value>
  void operator()(const Value* values, std::size_t length, std::uint32_t* slots) const {
    for (std::size_t i = 0; i < length; ++i) slots[i] = cell_slot(plan, values[i]);
  }
};

template <class Job, class Value>
void dispatch(const CellPlan& plan, const CellValues<Value>& in, std::uint32_t* out) {
  Job::run(OneByOne{plan}, plan, in, out);
}

}  // namespace

std::uint32_t cell_slot(const CellPlan& plan, double value) noexcept {
  if (value != value) return nan_slot(plan.cells);
  if (value == kInfinity) return plus_inf_slot(plan.cells);
  if (value == -kInfinity) return minus_inf_slot();
  switch (plan.kind) {
    case CellKind::kAffine:
      return 1 + bounded_cell(plan, value, affine_inner);
    case CellKind::kLattice:
      return 1 + lattice_cell(plan, value);
    case CellKind::kBend:
      return 1 + bounded_cell(plan, value, bend_inner);
    case CellKind::kClusters:
      return 1 + bounded_cell(plan, value, clusters_inner);
    case CellKind::kCuts:
      return 1 + cuts_cell(plan, value);
  }
  return nan_slot(plan.cells);
}

CellVariant cell_count_scalar() noexcept {
  return {Isa::kScalar, dispatch<Index, double>, dispatch<Index, float>, dispatch<Count, double>,
          dispatch<Count, float>};
}

}  // namespace kedge

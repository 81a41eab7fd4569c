// Which cell a value is in: the reference of every sketch. A plan is a monotone map from the finite
// doubles to cells 0 .. cells-1; a value's slot also tells apart what has no cell:
//
//   slot 0         -inf
//   slot 1 + cell  the finite values, in rising order
//   slot cells+1   +inf
//   slot cells+2   NaN
//   slot cells+3   null
//
// So counts per slot always add up to the rows seen. The first and the last cell hold what lies
// outside of the range that the map was made for, and nothing else. Both zeros are one value.
// Needs no library: boards without one include it.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace kedge {

enum class CellKind : std::uint8_t {
  kAffine,    // equal widths: (v - origin) * scale
  kLattice,   // points at first / scale, (first + 1) / scale, ..: a cell for each, one between
  kBend,      // the float's bits: even near `origin`, logarithmic in both tails
  kClusters,  // equal widths at first, and equal widths of their own in each of these
  kCuts,      // cell i holds cuts[i-1] <= v < cuts[i]
};

inline constexpr std::size_t kCutsPerNode = 8;   // one AVX-512 register, one cache line
inline constexpr std::size_t kMaxCutLevels = 7;  // 9^6 leaves of 8 keys are more than kMaxCells
inline constexpr std::uint32_t kMostParts = 1024;
inline constexpr std::uint32_t kMaxCells = 1u << 21;
inline constexpr std::uint32_t kOuterCells = 2;  // for what is outside of the range
inline constexpr std::uint32_t kMostAtoms = 8;   // each is two comparisons for every value
inline constexpr std::uint32_t kExtraSlots = 4;

constexpr std::uint32_t minus_inf_slot() noexcept { return 0; }
constexpr std::uint32_t plus_inf_slot(std::uint32_t cells) noexcept { return cells + 1; }
constexpr std::uint32_t nan_slot(std::uint32_t cells) noexcept { return cells + 2; }
constexpr std::uint32_t null_slot(std::uint32_t cells) noexcept { return cells + 3; }

// What is looked up for a value in one of the equal widths of clusters, in one load of 32 bytes.
// Its inner cell is (v - offset) * scale + first, held to first .. last.
struct alignas(32) CellPart {
  double offset = 0;
  double scale = 1;
  double first = 0;
  double last = 0;
};

// The numbers a kernel needs; sketch/cell_map owns them and keeps them in these bounds.
struct CellPlan {
  CellKind kind = CellKind::kAffine;
  std::uint32_t cells = 1;  // 1 .. kMaxCells

  // Affine, bend, clusters: low <= v <= high lies in the inner cells 0 .. inner_cells-1 by the
  // formula of the kind, held to them. The cell is 1 + inner cell + #(atoms <= v) + #(atoms < v):
  // monotone, and each atom has a cell of its own. Atoms rise and lie in the range.
  double low = 0;
  double high = 0;
  std::uint32_t atom_count = 0;
  double atoms[kMostAtoms] = {};
  double origin = 0;
  double scale = 1;  // affine, clusters; a power of two for a lattice

  double first = 0;  // lattice: value of the first point times scale, a whole number
  double last = 0;   // lattice: that of the last point

  // Bend: t = bits(|v - origin| + bend) >> 32 less bend_bits, times multiplier / 2^32, is the
  // number of cells between v and the origin's cell, which is the inner cell `middle`.
  double bend = 1;
  std::uint32_t bend_bits = 0;
  std::uint32_t multiplier = 1;
  std::int32_t middle = 0;

  // Clusters: v is in part (v - origin) * scale, held to the parts. A part starts with the last
  // cell of the one before it or the one behind that.
  const CellPart* parts = nullptr;
  std::uint32_t part_count = 0;

  // Cuts: a search tree of nodes of eight keys, all levels full width, root first; level_start is
  // in keys. Keys past the last cut are NaN, which no value reaches. The leaves are the cuts.
  const double* keys = nullptr;
  std::uint32_t levels = 0;
  std::uint32_t level_start[kMaxCutLevels] = {};
};

// Below 1 for a plan that is out of its bounds.
constexpr std::int64_t inner_cells(const CellPlan& plan) noexcept {
  return std::int64_t{plan.cells} - kOuterCells - 2 * std::int64_t{plan.atom_count};
}

inline std::uint32_t affine_inner(const CellPlan& plan, double value) noexcept {
  double t = (value - plan.origin) * plan.scale;
  t = t > 0 ? t : 0;
  const double top = static_cast<double>(inner_cells(plan) - 1);
  return static_cast<std::uint32_t>(t < top ? t : top);
}

inline std::uint32_t lattice_cell(const CellPlan& plan, double value) noexcept {
  double t = value * plan.scale;
  t = t > plan.first - 0.5 ? t : plan.first - 0.5;
  t = t < plan.last + 0.5 ? t : plan.last + 0.5;
  const auto whole = static_cast<std::int64_t>(t);
  const std::int64_t floor = whole - (static_cast<double>(whole) > t);
  const auto point = floor - static_cast<std::int64_t>(plan.first);
  return static_cast<std::uint32_t>(2 * point + 1 + (static_cast<double>(floor) != t));
}

inline std::uint32_t bend_inner(const CellPlan& plan, double value) noexcept {
  const double from_origin = value - plan.origin;
  const double bent = __builtin_fabs(from_origin) + plan.bend;
  const auto steps =
      static_cast<std::uint32_t>(std::bit_cast<std::uint64_t>(bent) >> 32) - plan.bend_bits;
  const auto away = static_cast<std::int64_t>((std::uint64_t{steps} * plan.multiplier) >> 32);
  const std::int64_t inner = from_origin < 0 ? plan.middle - 1 - away : plan.middle + away;
  const std::int64_t top = inner_cells(plan) - 1;
  return static_cast<std::uint32_t>(inner < 0 ? 0 : inner > top ? top : inner);
}

inline std::uint32_t clusters_inner(const CellPlan& plan, double value) noexcept {
  double t = (value - plan.origin) * plan.scale;
  t = t > 0 ? t : 0;
  const double top = plan.part_count - 1.0;
  const CellPart& part = plan.parts[static_cast<std::uint32_t>(t < top ? t : top)];
  double u = (value - part.offset) * part.scale + part.first;
  u = u > part.first ? u : part.first;
  return static_cast<std::uint32_t>(u < part.last ? u : part.last);
}

template <class Inner>
inline std::uint32_t bounded_cell(const CellPlan& plan, double value, const Inner& inner) noexcept {
  if (value < plan.low) return 0;
  if (value > plan.high) return plan.cells - 1;
  std::uint32_t cell = 1 + inner(plan, value);
  for (std::uint32_t i = 0; i < plan.atom_count; ++i) {
    cell += (plan.atoms[i] <= value) + (plan.atoms[i] < value);
  }
  return cell;
}

inline std::uint32_t cuts_cell(const CellPlan& plan, double value) noexcept {
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

// One value through the scalar reference.
inline std::uint32_t cell_slot(const CellPlan& plan, double value) noexcept {
  if (value != value) return nan_slot(plan.cells);
  if (value == __builtin_inf()) return plus_inf_slot(plan.cells);
  if (value == -__builtin_inf()) return minus_inf_slot();
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

}  // namespace kedge

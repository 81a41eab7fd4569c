// Values into cells: the one loop under every sketch. A plan is a monotone map from the finite
// doubles to cells 0 .. cells-1; a value's slot also tells apart what has no cell:
//
//   slot 0         -inf
//   slot 1 + cell  the finite values, in rising order
//   slot cells+1   +inf
//   slot cells+2   NaN
//   slot cells+3   null
//
// So counts per slot always add up to the rows seen. The first and the last cell hold what lies
// outside of the range that the map was made for, and nothing else. Both zeros are one value. Every
// variant gives the slots of the scalar one for any input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kedge/base/cpu.h"

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

// Values and, if some may be null, their validity bitmap: bit `validity_offset` belongs to the
// first value, a clear bit makes a value null.
template <class Value>
struct CellValues {
  const Value* values;
  std::size_t length;
  const std::uint8_t* validity = nullptr;
  std::size_t validity_offset = 0;
};

// `index` writes the slot of each value. `count` adds one to the counter of each value's slot;
// there are cells + kExtraSlots of them, each must stay below 2^32. Neither allocates.
template <class Value>
using CellKernel = void (*)(const CellPlan&, const CellValues<Value>&, std::uint32_t*);

struct CellVariant {
  Isa isa;
  CellKernel<double> index_f64;
  CellKernel<float> index_f32;
  CellKernel<double> count_f64;
  CellKernel<float> count_f32;
};

// Row 0 is the scalar reference, tests compare each runnable row with it.
std::span<const CellVariant> cell_variants() noexcept;

// One value through the scalar reference.
std::uint32_t cell_slot(const CellPlan& plan, double value) noexcept;

// Puts the null slot where the bit is clear.
void mask_nulls(const CellPlan& plan, const std::uint8_t* validity, std::size_t offset,
                std::size_t length, std::uint32_t* slots) noexcept;

CellVariant cell_count_scalar() noexcept;
#if defined(__x86_64__)
CellVariant cell_count_avx2() noexcept;
CellVariant cell_count_avx512() noexcept;
#elif defined(__aarch64__)
CellVariant cell_count_neon() noexcept;
#endif

}  // namespace kedge

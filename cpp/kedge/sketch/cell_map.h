// A monotone map from the finite doubles to cells 0 .. cells-1: if a <= b then a's cell is not
// behind b's. That alone makes what is computed from counts per cell certain, whatever the map.
//
// A map has a range, that of the data it was made for. The first cell holds exactly what is below
// it and the last one what is above, so that these two counts are the range violations.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kedge/base/buffer.h"
#include "kedge/base/bytes.h"
#include "kedge/sketch/cell_plan.h"

namespace kedge {

// Immutable; share it between histograms that are to be compared or merged.
class CellMap {
 public:
  // `inner` cells of equal width from `origin`, `scale` of them per unit, and two for what is
  // outside of the range; values of the range beyond the inner cells are in the nearest one.
  static CellMap affine(std::uint32_t inner, ValueRange range, double origin, double scale);
  // A cell for each of the points first/scale .. last/scale and one for each gap between and
  // beyond them. `scale` is a power of two, so that no value is taken for a point it is not.
  static CellMap lattice(double first, double last, double scale);
  // Even near `origin`, logarithmic beyond `bend` on both sides of it; see CellPlan.
  static CellMap bend(std::uint32_t inner, ValueRange range, double origin, double bend,
                      std::uint32_t multiplier, std::int32_t middle);
  // `scale` parts per unit from `origin`, at most kMostParts, each split as it says. For values
  // that are crowded in a few narrow places.
  static CellMap clusters(ValueRange range, double origin, double scale,
                          std::span<const PartSplit> splits);
  // Cell i holds cuts[i-1] <= v < cuts[i]. The cuts are finite and strictly rising.
  static CellMap cuts(std::span<const double> cuts);

  // The same map, not of cuts or a lattice, with a cell for each of the atoms: up to kMostAtoms
  // values of the range, rising.
  CellMap with_atoms(std::span<const double> atoms) const;

  // Each inner cell split in `factor`, evenly between its bounds; points stay as they are, as do
  // maps that would pass kMaxCells. A lattice comes back as it is.
  CellMap refined(std::uint32_t factor) const;

  const CellPlan& plan() const noexcept { return plan_; }
  std::uint32_t cells() const noexcept { return plan_.cells; }
  std::uint32_t slots() const noexcept { return plan_.cells + kExtraSlots; }

  // True when only one double maps to the cell, so that a sample's share of it is a jump and not a
  // slope. Never claimed beyond 2^53, where several 64-bit integers become one double.
  bool is_point(std::uint32_t cell) const noexcept;

  // The smallest finite double in `cell` or behind it, +inf when there is none: some looks at the
  // map, 64 at most.
  double lower_bound(std::uint32_t cell) const noexcept;
  // The largest finite double in `cell` or before it, -inf when there is none.
  double upper_bound(std::uint32_t cell) const noexcept;

  // The cells + 1 ends of the cells, rising and finite, where what lies outside of the range is
  // taken to be at its ends. Near the lower bounds, within rounding, and cheap: for integrals.
  std::vector<double> positions() const;

  // docs/formats.md, "Cell map". read throws CorruptData for numbers out of their bounds.
  void write(ByteWriter& out) const;
  static CellMap read(ByteReader& in);

  friend bool operator==(const CellMap& a, const CellMap& b);

 private:
  explicit CellMap(const CellPlan& plan);
  void plant(std::span<const double> cuts);
  void keep_parts();
  CellMap refined_clusters(std::uint32_t factor) const;
  double start_of(std::uint32_t cell) const noexcept;

  CellPlan plan_;
  std::uint32_t atom_cells_[kMostAtoms] = {};
  Buffer keys_;               // the search tree or the parts that plan_ points into
  std::vector<double> cuts_;  // of kCuts
};

}  // namespace kedge

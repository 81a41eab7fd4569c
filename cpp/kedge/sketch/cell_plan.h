// The numbers of a cell map: how they are put together, what makes them wrong, and how they are
// stored. sketch/cell_map makes a map of them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kedge/base/bytes.h"
#include "kedge/kernels/cell_count.h"

namespace kedge {

// low <= v <= high, both finite.
struct ValueRange {
  double low = 0;
  double high = 0;
};

// How a part of clusters is split: into `cells` of equal width from `offset`, `scale` of them per
// unit. A part of no cells shares the last one of the part before it.
struct PartSplit {
  double offset = 0;
  double scale = 1;
  std::uint32_t cells = 0;
};
std::vector<CellPart> clusters_parts(std::span<const PartSplit> splits);
// The splits that clusters_parts made these of.
std::vector<PartSplit> splits_of(const CellPlan& plan);

// Counts that are out of their bounds give a plan that flaw_of finds.
CellPlan affine_plan(std::uint32_t inner, ValueRange range, double origin, double scale);
CellPlan lattice_plan(double first, double last, double scale);
CellPlan bend_plan(std::uint32_t inner, ValueRange range, double origin, double bend,
                   std::uint32_t multiplier, std::int32_t middle);
// The plan points to `parts`, which clusters_parts makes.
CellPlan clusters_plan(ValueRange range, double origin, double scale,
                       std::span<const CellPart> parts);
CellPlan cuts_plan(std::size_t cuts);
// A plan, not of cuts or a lattice, with two more cells for each atom: its own, and the rest of the
// one that it parts.
CellPlan with_atoms(CellPlan plan, std::span<const double> atoms);

// What is wrong with a plan, or with its cuts; empty when nothing is.
std::string flaw_of(const CellPlan& plan);
std::string flaw_of(std::span<const double> cuts);

// docs/formats.md, "Cell map". A plan that was read is not checked yet.
void write_plan(ByteWriter& out, const CellPlan& plan, std::span<const double> cuts);
CellPlan read_plan(ByteReader& in, std::vector<double>& cuts, std::vector<CellPart>& parts);

// True for a stored map of the kinds that had no cells for what is outside of the range: counts
// over it lack these two.
bool is_unbounded(std::uint8_t stored_kind) noexcept;

}  // namespace kedge

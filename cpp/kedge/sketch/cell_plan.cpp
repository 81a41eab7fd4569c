#include "kedge/sketch/cell_plan.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "kedge/base/error.h"

namespace kedge {
namespace {

constexpr double kMostPoint = 0x1p50;  // points and halves between them are exact doubles below

bool is_positive(double value) { return value > 0 && std::isfinite(value); }

bool is_power_of_two(double value) {
  constexpr std::uint64_t kFraction = (std::uint64_t{1} << 52) - 1;
  return std::isnormal(value) && value > 0 &&
         (std::bit_cast<std::uint64_t>(value) & kFraction) == 0;
}

bool is_whole(double value) { return std::fabs(value) <= kMostPoint && value == std::floor(value); }

std::string atom_flaw(const CellPlan& plan) {
  for (std::uint32_t i = 0; i < plan.atom_count; ++i) {
    const double atom = plan.atoms[i];
    if (!(atom >= plan.low && atom <= plan.high)) {
      return text("atoms[", i, "] = ", atom, " is not from ", plan.low, " to ", plan.high);
    }
    if (i > 0 && !(atom > plan.atoms[i - 1])) {
      return text("atoms must rise: atoms[", i, "] = ", atom, " does not exceed ",
                  plan.atoms[i - 1]);
    }
  }
  return "";
}

// What is wrong with the numbers that affine and bent maps share, or nothing.
std::string range_flaw(const CellPlan& plan) {
  if (inner_cells(plan) < 1) return text("inner cells = ", inner_cells(plan), " is not from 1");
  if (!std::isfinite(plan.low) || !std::isfinite(plan.high) || plan.high < plan.low) {
    return text("range ", plan.low, " to ", plan.high, " is not finite and rising");
  }
  if (!std::isfinite(plan.origin)) return text("origin = ", plan.origin, " is not finite");
  return atom_flaw(plan);
}

std::string clusters_flaw(const CellPlan& plan) {
  if (plan.part_count < 1 || plan.part_count > kMostParts) {
    return text("parts = ", plan.part_count, " is not from 1 to ", kMostParts);
  }
  if (plan.parts[0].last < plan.parts[0].first) return "parts[0] has no cell";
  for (std::uint32_t i = 0; i < plan.part_count; ++i) {
    const CellPart& part = plan.parts[i];
    if (!std::isfinite(part.offset)) {
      return text("parts[", i, "]: offset = ", part.offset, " is not finite");
    }
    if (!is_positive(part.scale)) {
      return text("parts[", i, "]: scale = ", part.scale, " is not positive");
    }
  }
  return "";
}

std::string bend_flaw(const CellPlan& plan) {
  if (!is_positive(plan.bend) || !std::isnormal(plan.bend)) {
    return text("bend = ", plan.bend, " is not positive");
  }
  if (plan.multiplier == 0) return "multiplier = 0 is not positive";
  if (plan.middle < -inner_cells(plan) || plan.middle > inner_cells(plan)) {
    return text("middle = ", plan.middle, " is not within ", inner_cells(plan), " of 0");
  }
  return "";
}

// The kernels look for values outside of the range, infinities and NaN only where the inner cell is
// the first or the last, and before or behind all atoms.
std::string reach_flaw(const CellPlan& plan) {
  const std::uint32_t count = plan.atom_count;
  const std::uint32_t at_low = count > 0 && plan.atoms[0] == plan.low;
  const std::uint32_t at_high = count > 0 && plan.atoms[count - 1] == plan.high;
  if (cell_slot(plan, plan.low) == 2 + at_low &&
      cell_slot(plan, plan.high) == plan.cells - 1 - at_high) {
    return "";
  }
  return text("range ", plan.low, " to ", plan.high,
              " does not reach from the first inner cell to ", "the last");
}

std::uint32_t lattice_cells(double first, double last) {
  constexpr double kMostPoints = (kMaxCells - 2) / 2.0;
  const double points = last - first + 1;
  return points >= 1 && points <= kMostPoints ? 2 * static_cast<std::uint32_t>(points) + 1
                                              : kMaxCells + 1;
}

std::uint32_t cells_of(const CellPlan& plan, std::uint32_t part) {
  const bool shares = part > 0 && plan.parts[part].first == plan.parts[part - 1].last;
  const double cells = plan.parts[part].last - plan.parts[part].first + 1;
  return shares ? 0 : static_cast<std::uint32_t>(cells);
}

// A number of inner cells that is out of its bounds gives a plan that is too.
CellPlan bounded_plan(CellKind kind, std::uint32_t inner, ValueRange range, double origin) {
  CellPlan plan;
  plan.kind = kind;
  plan.cells = inner <= kMaxCells ? inner + kOuterCells : kMaxCells + 1;
  plan.low = range.low + 0.0;  // one zero
  plan.high = range.high + 0.0;
  plan.origin = origin;
  return plan;
}

// The kinds as they are stored. The first two had no cells for what is outside of a range: they are
// read as maps of all finite doubles.
constexpr std::uint8_t kUnboundedAffine = 0;
constexpr std::uint8_t kStoredLattice = 1;
constexpr std::uint8_t kUnboundedBend = 2;
constexpr std::uint8_t kStoredCuts = 3;
constexpr std::uint8_t kBoundedAffine = 4;
constexpr std::uint8_t kBoundedBend = 5;
constexpr std::uint8_t kPartedAffine = 6;
constexpr std::uint8_t kPartedBend = 7;
constexpr std::uint8_t kStoredClusters = 8;

void write_bounded(ByteWriter& out, std::uint8_t kind, std::uint8_t parted, const CellPlan& plan) {
  out.write(plan.atom_count > 0 ? parted : kind);
  out.write(static_cast<std::uint32_t>(inner_cells(plan)));
  out.write(plan.low);
  out.write(plan.high);
  out.write(plan.origin);
}

void write_atoms(ByteWriter& out, const CellPlan& plan) {
  out.write(static_cast<std::uint8_t>(plan.atom_count));
  for (std::uint32_t i = 0; i < plan.atom_count; ++i) out.write(plan.atoms[i]);
}

CellPlan read_atoms(ByteReader& in, const CellPlan& plan) {
  const auto count = in.read<std::uint8_t>();
  if (count > kMostAtoms || (count == 0 && plan.kind != CellKind::kClusters)) {
    throw corrupt_data(in.section(), ": cell map: ", count, " atoms are not from 1 to ",
                       kMostAtoms);
  }
  std::vector<double> atoms(count);
  for (double& atom : atoms) atom = in.read<double>();
  return with_atoms(plan, atoms);
}

void write_clusters(ByteWriter& out, const CellPlan& plan) {
  out.write(kStoredClusters);
  out.write(plan.low);
  out.write(plan.high);
  out.write(plan.origin);
  out.write(plan.scale);
  out.write(plan.part_count);
  for (const PartSplit& split : splits_of(plan)) {
    out.write_varint(split.cells);
    if (split.cells == 0) continue;
    out.write(split.offset);
    out.write(split.scale);
  }
}

CellPlan read_clusters(ByteReader& in, std::vector<CellPart>& parts) {
  const auto low = in.read<double>();
  const auto high = in.read<double>();
  const auto origin = in.read<double>();
  const auto scale = in.read<double>();
  const auto count = in.read<std::uint32_t>();
  if (count > kMostParts) {
    throw corrupt_data(in.section(), ": cell map: parts = ", count, " is not from 1 to ",
                       kMostParts);
  }
  std::vector<PartSplit> splits(count);
  for (PartSplit& split : splits) {
    split.cells =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(in.read_varint(), kMaxCells + 1));
    if (split.cells == 0) continue;
    split.offset = in.read<double>();
    split.scale = in.read<double>();
  }
  parts = clusters_parts(splits);
  return clusters_plan({low, high}, origin, scale, parts);
}

std::vector<double> read_cuts(ByteReader& in, std::uint32_t count) {
  const auto bytes = in.read_bytes(std::size_t{count} * sizeof(double));
  std::vector<double> cuts(count);
  if (count > 0) std::memcpy(cuts.data(), bytes.data(), bytes.size());
  return cuts;
}

CellPlan read_bounded(ByteReader& in, std::uint8_t kind) {
  constexpr double kMost = std::numeric_limits<double>::max();
  const auto inner = in.read<std::uint32_t>();
  ValueRange range = {-kMost, kMost};
  if (!is_unbounded(kind)) {
    range.low = in.read<double>();
    range.high = in.read<double>();
  }
  const auto origin = in.read<double>();
  if (kind == kUnboundedAffine || kind == kBoundedAffine || kind == kPartedAffine) {
    return affine_plan(inner, range, origin, in.read<double>());
  }
  const auto bend = in.read<double>();
  const auto multiplier = in.read<std::uint32_t>();
  return bend_plan(inner, range, origin, bend, multiplier, in.read<std::int32_t>());
}

}  // namespace

CellPlan affine_plan(std::uint32_t inner, ValueRange range, double origin, double scale) {
  CellPlan plan = bounded_plan(CellKind::kAffine, inner, range, origin);
  plan.scale = scale;
  return plan;
}

CellPlan lattice_plan(double first, double last, double scale) {
  CellPlan plan;
  plan.kind = CellKind::kLattice;
  plan.cells = lattice_cells(first, last);
  plan.scale = scale;
  plan.first = first;
  plan.last = last;
  return plan;
}

CellPlan bend_plan(std::uint32_t inner, ValueRange range, double origin, double bend,
                   std::uint32_t multiplier, std::int32_t middle) {
  CellPlan plan = bounded_plan(CellKind::kBend, inner, range, origin);
  plan.bend = bend;
  plan.bend_bits = static_cast<std::uint32_t>(std::bit_cast<std::uint64_t>(bend) >> 32);
  plan.multiplier = multiplier;
  plan.middle = middle;
  return plan;
}

std::vector<CellPart> clusters_parts(std::span<const PartSplit> splits) {
  std::vector<CellPart> parts;
  double next = 0;
  for (const PartSplit& split : splits) {
    if (split.cells == 0) {
      parts.push_back({0, 1, next > 0 ? next - 1 : 0, next - 1});
    } else {
      parts.push_back({split.offset + 0.0, split.scale, next, next + split.cells - 1});
    }
    next += split.cells;
  }
  return parts;
}

std::vector<PartSplit> splits_of(const CellPlan& plan) {
  std::vector<PartSplit> splits;
  splits.reserve(plan.part_count);
  for (std::uint32_t i = 0; i < plan.part_count; ++i) {
    splits.push_back({plan.parts[i].offset, plan.parts[i].scale, cells_of(plan, i)});
  }
  return splits;
}

CellPlan clusters_plan(ValueRange range, double origin, double scale,
                       std::span<const CellPart> parts) {
  const double inner = parts.empty() ? 0 : parts.back().last + 1;
  CellPlan plan =
      bounded_plan(CellKind::kClusters,
                   static_cast<std::uint32_t>(std::min(inner, kMaxCells + 1.0)), range, origin);
  plan.scale = scale;
  plan.parts = parts.data();
  plan.part_count = static_cast<std::uint32_t>(parts.size());
  return plan;
}

CellPlan with_atoms(CellPlan plan, std::span<const double> atoms) {
  plan.atom_count = 0;
  for (const double atom : atoms) {
    if (plan.atom_count < kMostAtoms) plan.atoms[plan.atom_count] = atom + 0.0;  // one zero
    plan.atom_count += plan.atom_count <= kMostAtoms;
  }
  plan.cells += 2 * plan.atom_count;
  return plan;
}

CellPlan cuts_plan(std::size_t cuts) {
  CellPlan plan;
  plan.kind = CellKind::kCuts;
  plan.cells = cuts < kMaxCells ? static_cast<std::uint32_t>(cuts) + 1 : kMaxCells + 1;
  return plan;
}

std::string flaw_of(const CellPlan& plan) {
  if (plan.cells < 1 || plan.cells > kMaxCells) {
    return text("cells = ", plan.cells, " is not from 1 to ", kMaxCells);
  }
  if (plan.atom_count > kMostAtoms) return text("more than ", kMostAtoms, " atoms");
  std::string reason;
  switch (plan.kind) {
    case CellKind::kAffine:
      reason = range_flaw(plan);
      if (!reason.empty()) return reason;
      if (!is_positive(plan.scale)) return text("scale = ", plan.scale, " is not positive");
      return reach_flaw(plan);
    case CellKind::kLattice:
      if (!is_power_of_two(plan.scale) || plan.scale < 1) {
        return text("scale = ", plan.scale, " is not a power of two from 1");
      }
      if (!is_whole(plan.first) || !is_whole(plan.last) || plan.last < plan.first) {
        return text("points ", plan.first, " to ", plan.last, " are not whole and rising");
      }
      return "";
    case CellKind::kBend:
      reason = range_flaw(plan);
      if (reason.empty()) reason = bend_flaw(plan);
      return reason.empty() ? reach_flaw(plan) : reason;
    case CellKind::kClusters:
      reason = range_flaw(plan);
      if (!reason.empty()) return reason;
      if (!is_positive(plan.scale)) return text("scale = ", plan.scale, " is not positive");
      reason = clusters_flaw(plan);
      return reason.empty() ? reach_flaw(plan) : reason;
    case CellKind::kCuts:
      return "";
  }
  return "";
}

std::string flaw_of(std::span<const double> cuts) {
  for (std::size_t i = 0; i < cuts.size(); ++i) {
    if (!std::isfinite(cuts[i])) return text("cuts[", i, "] = ", cuts[i], " is not finite");
    if (i > 0 && !(cuts[i] > cuts[i - 1])) {
      return text("cuts must rise: cuts[", i, "] = ", cuts[i], " does not exceed ", cuts[i - 1]);
    }
  }
  return "";
}

void write_plan(ByteWriter& out, const CellPlan& plan, std::span<const double> cuts) {
  switch (plan.kind) {
    case CellKind::kAffine:
      write_bounded(out, kBoundedAffine, kPartedAffine, plan);
      out.write(plan.scale);
      if (plan.atom_count > 0) write_atoms(out, plan);
      return;
    case CellKind::kLattice:
      out.write(kStoredLattice);
      out.write(plan.first);
      out.write(plan.last);
      out.write(plan.scale);
      return;
    case CellKind::kBend:
      write_bounded(out, kBoundedBend, kPartedBend, plan);
      out.write(plan.bend);
      out.write(plan.multiplier);
      out.write(plan.middle);
      if (plan.atom_count > 0) write_atoms(out, plan);
      return;
    case CellKind::kClusters:
      write_clusters(out, plan);
      return write_atoms(out, plan);
    case CellKind::kCuts:
      out.write(kStoredCuts);
      out.write(static_cast<std::uint32_t>(cuts.size()));
      for (const double cut : cuts) out.write(cut);
      return;
  }
}

CellPlan read_plan(ByteReader& in, std::vector<double>& cuts, std::vector<CellPart>& parts) {
  const auto kind = in.read<std::uint8_t>();
  if (kind > kStoredClusters) {
    throw corrupt_data(in.section(), ": cell map: kind ", kind, " is not one of 0 to 8");
  }
  if (kind == kStoredLattice) {
    const auto first = in.read<double>();
    const auto last = in.read<double>();
    return lattice_plan(first, last, in.read<double>());
  }
  if (kind == kStoredCuts) {
    const auto count = in.read<std::uint32_t>();
    const CellPlan plan = cuts_plan(count);
    if (plan.cells <= kMaxCells) cuts = read_cuts(in, count);
    return plan;
  }
  if (kind == kStoredClusters) {
    const CellPlan plan = read_clusters(in, parts);
    return read_atoms(in, plan);
  }
  const CellPlan plan = read_bounded(in, kind);
  return kind == kPartedAffine || kind == kPartedBend ? read_atoms(in, plan) : plan;
}

bool is_unbounded(std::uint8_t stored_kind) noexcept {
  return stored_kind == kUnboundedAffine || stored_kind == kUnboundedBend;
}

}  // namespace kedge

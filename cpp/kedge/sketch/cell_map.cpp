#include "kedge/sketch/cell_map.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "kedge/base/bits.h"
#include "kedge/base/error.h"

namespace kedge {
namespace {

// Leaves out the inner cells beyond the ends of the range: rounding of the middle leaves up to
// `factor` of them when a bent map is refined.
void trim(CellPlan& plan) {
  CellPlan bare = plan;
  bare.atom_count = 0;
  bare.cells -= 2 * plan.atom_count;
  const std::uint32_t first = cell_slot(bare, plan.low);
  const std::uint32_t last = cell_slot(bare, plan.high);
  plan.cells = last - first + 1 + kOuterCells + 2 * plan.atom_count;
  plan.middle -= static_cast<std::int32_t>(first) - 2;
}

CellPlan checked(const CellPlan& plan) {
  const std::string reason = flaw_of(plan);
  if (!reason.empty()) throw invalid_argument("cell map: ", reason);
  return plan;
}

constexpr double kLastExact = 0x1p53;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<double> split_cuts(const std::vector<double>& cuts, std::uint32_t factor) {
  std::vector<double> split;
  for (std::size_t i = 0; i < cuts.size(); ++i) {
    split.push_back(cuts[i]);
    if (i + 1 == cuts.size()) break;
    const double step = (cuts[i + 1] - cuts[i]) / factor;
    for (std::uint32_t part = 1; part < factor && std::isfinite(step); ++part) {
      const double cut = cuts[i] + part * step;
      if (cut > split.back() && cut < cuts[i + 1]) split.push_back(cut);
    }
  }
  return split;
}

// The lowest value of an inner cell of a bent map, but for rounding.
double bend_start(const CellPlan& plan, std::uint32_t inner) {
  const auto bent = [&](std::uint64_t steps) {
    const std::uint64_t bits = std::min<std::uint64_t>(plan.bend_bits + steps, 0x7fefffff);
    return std::bit_cast<double>(bits << 32) - plan.bend;
  };
  if (static_cast<std::int32_t>(inner) >= plan.middle) {
    const std::uint64_t away = inner - static_cast<std::uint32_t>(plan.middle);
    const std::uint64_t steps = ((away << 32) + plan.multiplier - 1) / plan.multiplier;
    return steps == 0 ? plan.origin : plan.origin + bent(steps);
  }
  const std::uint64_t away = static_cast<std::uint32_t>(plan.middle) - inner;
  return plan.origin - bent(((away << 32) - 1) / plan.multiplier + 1);
}

// A part's first cell starts where the part does, and no cell ends behind it; the last part has no
// end.
double clusters_start(const CellPlan& plan, std::uint32_t inner) {
  const std::span parts(plan.parts, plan.part_count);
  const auto part =
      std::lower_bound(parts.begin(), parts.end(), inner,
                       [](const CellPart& one, std::uint32_t cell) { return one.last < cell; });
  const auto index = static_cast<double>(part - parts.begin());
  const double start = plan.origin + index / plan.scale;
  if (inner <= part->first) return start;
  const double inside = part->offset + (inner - part->first) / part->scale;
  if (part + 1 == parts.end()) return std::max(inside, start);
  return std::clamp(inside, start, plan.origin + (index + 1) / plan.scale);
}

// Where an inner cell starts, but for rounding and the range.
double inner_start(const CellPlan& plan, std::uint32_t inner) {
  if (plan.kind == CellKind::kAffine) return plan.origin + inner / plan.scale;
  return plan.kind == CellKind::kBend ? bend_start(plan, inner) : clusters_start(plan, inner);
}

}  // namespace

CellMap::CellMap(const CellPlan& plan) : plan_(plan) {
  for (std::uint32_t i = 0; i < plan.atom_count; ++i) {
    atom_cells_[i] = cell_slot(plan, plan.atoms[i]) - 1;
  }
}

CellMap CellMap::affine(std::uint32_t inner, ValueRange range, double origin, double scale) {
  return CellMap(checked(affine_plan(inner, range, origin, scale)));
}

CellMap CellMap::lattice(double first, double last, double scale) {
  return CellMap(checked(lattice_plan(first, last, scale)));
}

CellMap CellMap::bend(std::uint32_t inner, ValueRange range, double origin, double bend,
                      std::uint32_t multiplier, std::int32_t middle) {
  return CellMap(checked(bend_plan(inner, range, origin, bend, multiplier, middle)));
}

CellMap CellMap::clusters(ValueRange range, double origin, double scale,
                          std::span<const PartSplit> splits) {
  const std::vector<CellPart> parts = clusters_parts(splits);
  CellMap map(checked(clusters_plan(range, origin, scale, parts)));
  map.keep_parts();
  return map;
}

// From where they are to where the map owns them.
void CellMap::keep_parts() {
  if (plan_.kind != CellKind::kClusters) return;
  keys_ = Buffer(plan_.part_count * sizeof(CellPart));
  std::memcpy(keys_.data(), plan_.parts, keys_.size());
  plan_.parts = keys_.as<CellPart>().data();
}

CellMap CellMap::with_atoms(std::span<const double> atoms) const {
  if (plan_.kind == CellKind::kLattice || plan_.kind == CellKind::kCuts) {
    throw invalid_argument("cell map: a lattice and cuts take no atoms");
  }
  CellPlan plan = plan_;
  plan.cells -= 2 * plan.atom_count;
  CellMap map(checked(kedge::with_atoms(plan, atoms)));
  map.keep_parts();
  return map;
}

CellMap CellMap::cuts(std::span<const double> cuts) {
  const std::string reason = flaw_of(cuts);
  if (!reason.empty()) throw invalid_argument("cell map: ", reason);
  CellMap map(checked(cuts_plan(cuts.size())));
  map.plant(cuts);
  return map;
}

// Builds the tree level by level from the leaves up: a node's keys are the first cuts under each of
// its children but the leftmost.
void CellMap::plant(std::span<const double> cuts) {
  constexpr double kNoKey = std::numeric_limits<double>::quiet_NaN();
  constexpr std::size_t kChildren = kCutsPerNode + 1;
  for (const double cut : cuts) cuts_.push_back(cut + 0.0);  // one zero
  std::vector<std::vector<double>> levels = {cuts_};
  levels[0].resize((cuts.size() + kCutsPerNode) / kCutsPerNode * kCutsPerNode, kNoKey);
  std::vector<double> firsts;
  for (std::size_t i = 0; i < levels[0].size(); i += kCutsPerNode) firsts.push_back(levels[0][i]);
  while (firsts.size() > 1) {
    const std::size_t nodes = (firsts.size() + kChildren - 1) / kChildren;
    std::vector<double> keys(nodes * kCutsPerNode, kNoKey);
    std::vector<double> upper;
    for (std::size_t child = 0; child < firsts.size(); ++child) {
      const std::size_t rank = child % kChildren;
      if (rank == 0) upper.push_back(firsts[child]);
      if (rank > 0) keys[child / kChildren * kCutsPerNode + rank - 1] = firsts[child];
    }
    levels.push_back(std::move(keys));
    firsts = std::move(upper);
  }
  std::size_t total = 0;
  for (const auto& level : levels) total += level.size();
  keys_ = Buffer(total * sizeof(double));
  const auto keys = keys_.as<double>();
  std::size_t start = 0;
  for (std::size_t l = levels.size(); l-- > 0; start += levels[l].size()) {
    plan_.level_start[plan_.levels++] = static_cast<std::uint32_t>(start);
    for (std::size_t i = 0; i < levels[l].size(); ++i) keys[start + i] = levels[l][i];
  }
  plan_.keys = keys.data();
}

CellMap CellMap::refined(std::uint32_t factor) const {
  CellPlan plan = plan_;
  const std::uint64_t multiplier = std::uint64_t{plan.multiplier} * factor;
  const bool fits = std::uint64_t{plan.cells} * factor <= kMaxCells && multiplier <= 0xffffffff &&
                    std::isfinite(plan.scale * factor);
  if (plan.kind == CellKind::kCuts) return cuts(fits ? split_cuts(cuts_, factor) : cuts_);
  if (plan.kind == CellKind::kClusters) return refined_clusters(fits ? factor : 1);
  if (plan.kind == CellKind::kLattice || !fits) return CellMap(plan);
  plan.cells += static_cast<std::uint32_t>(inner_cells(plan)) * (factor - 1);
  plan.scale *= factor;
  plan.multiplier = static_cast<std::uint32_t>(multiplier);
  plan.middle *= static_cast<std::int32_t>(factor);
  if (plan.kind == CellKind::kBend) trim(plan);
  return CellMap(flaw_of(plan).empty() ? plan : plan_);
}

CellMap CellMap::refined_clusters(std::uint32_t factor) const {
  std::vector<PartSplit> splits = splits_of(plan_);
  for (PartSplit& split : splits) {
    split.cells *= factor;
    split.scale *= factor;
  }
  const std::vector<CellPart> parts = clusters_parts(splits);
  const CellPlan plan =
      kedge::with_atoms(clusters_plan({plan_.low, plan_.high}, plan_.origin, plan_.scale, parts),
                        std::span(plan_.atoms, plan_.atom_count));
  CellMap map(flaw_of(plan).empty() ? plan : plan_);
  map.keep_parts();
  return map;
}

bool CellMap::is_point(std::uint32_t cell) const noexcept {
  if (plan_.kind == CellKind::kLattice) return cell % 2 == 1;
  for (std::uint32_t i = 0; i < plan_.atom_count; ++i) {
    if (cell == atom_cells_[i]) return std::fabs(plan_.atoms[i]) < kLastExact;
  }
  if (plan_.kind != CellKind::kCuts || cell == 0 || cell >= cuts_.size()) return false;
  const double low = cuts_[cell - 1];
  return std::fabs(low) < kLastExact && cuts_[cell] == next_up(low);
}

// Where a cell starts, but for rounding; where the range does for the cells at its ends.
double CellMap::start_of(std::uint32_t cell) const noexcept {
  const std::uint32_t last = plan_.cells - 1;
  if (plan_.kind == CellKind::kCuts) {
    if (cuts_.empty()) return 0;
    return cuts_[std::clamp<std::size_t>(cell, 1, cuts_.size()) - 1];
  }
  if (plan_.kind == CellKind::kLattice) {
    const std::uint32_t point = (std::clamp(cell, 1u, last - 1) - 1) / 2;
    return (plan_.first + point) / plan_.scale;
  }
  if (cell <= 1) return plan_.low;
  if (cell >= last) return plan_.high;
  std::uint32_t passed = 0;
  while (passed < plan_.atom_count && atom_cells_[passed] < cell) ++passed;
  const double least = passed > 0 ? plan_.atoms[passed - 1] : plan_.low;
  const double most = passed < plan_.atom_count ? plan_.atoms[passed] : plan_.high;
  if (passed < plan_.atom_count && atom_cells_[passed] == cell) return most;
  const std::uint32_t inner = cell - 1 - 2 * passed;
  if (inner == 0) return least;
  return std::clamp(inner_start(plan_, inner), least, most);
}

double CellMap::lower_bound(std::uint32_t cell) const noexcept {
  constexpr double kMost = std::numeric_limits<double>::max();
  const std::uint64_t least = ordered_bits(-kMost);
  const std::uint64_t end = ordered_bits(kMost) + 1;  // that of +inf
  if (cell == 0) return -kMost;
  if (cell >= plan_.cells) return from_ordered_bits(end);
  const auto reached = [&](std::uint64_t bits) {
    return bits >= end || cell_slot(plan_, from_ordered_bits(bits)) >= cell + 1;
  };
  std::uint64_t low = std::max(least, ordered_bits(start_of(cell)));
  std::uint64_t high = low;
  for (std::uint64_t step = 1; low > least && reached(low); step *= 2) {
    high = low;
    low = low - least > step ? low - step : least;
  }
  for (std::uint64_t step = 1; !reached(high); step *= 2) {
    low = high + 1;
    high = end - high > step ? high + step : end;
  }
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    if (reached(middle)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return from_ordered_bits(low) + 0.0;
}

double CellMap::upper_bound(std::uint32_t cell) const noexcept {
  const double next = cell + 1 < plan_.cells ? lower_bound(cell + 1) : kInfinity;
  return from_ordered_bits(ordered_bits(next == 0 ? -0.0 : next) - 1);
}

std::vector<double> CellMap::positions() const {
  std::vector<double> starts;
  starts.reserve(plan_.cells + 1);
  starts.push_back(start_of(1));
  for (std::uint32_t cell = 1; cell < plan_.cells; ++cell) {
    starts.push_back(std::max(starts.back(), start_of(cell)));
  }
  starts.push_back(starts.back());
  return starts;
}

void CellMap::write(ByteWriter& out) const { write_plan(out, plan_, cuts_); }

CellMap CellMap::read(ByteReader& in) {
  std::vector<double> cuts;
  std::vector<CellPart> parts;
  const CellPlan plan = read_plan(in, cuts, parts);
  std::string reason = flaw_of(plan);
  if (reason.empty()) reason = flaw_of(cuts);
  if (!reason.empty()) throw corrupt_data(in.section(), ": cell map: ", reason);
  CellMap map(plan);
  map.keep_parts();
  if (plan.kind == CellKind::kCuts) map.plant(cuts);
  return map;
}

bool operator==(const CellMap& a, const CellMap& b) {
  ByteWriter left;
  ByteWriter right;
  a.write(left);
  b.write(right);
  return as_text(left.view()) == as_text(right.view());
}

}  // namespace kedge

#include "kedge/sketch/cell_map.h"

#include <bit>
#include <cmath>
#include <limits>
#include <string>

#include "kedge/base/bits.h"
#include "kedge/base/error.h"

namespace kedge {
namespace {

constexpr double kMostPoint = 0x1p50;  // points and halves between them are exact doubles below
constexpr double kLastExact = 0x1p53;

bool is_positive(double value) { return value > 0 && std::isfinite(value); }

bool is_power_of_two(double value) {
  constexpr std::uint64_t kFraction = (std::uint64_t{1} << 52) - 1;
  return std::isnormal(value) && value > 0 &&
         (std::bit_cast<std::uint64_t>(value) & kFraction) == 0;
}

bool is_whole(double value) { return std::fabs(value) <= kMostPoint && value == std::floor(value); }

// What is wrong with a plan, or nothing.
std::string flaw(const CellPlan& plan) {
  if (plan.cells < 1 || plan.cells > kMaxCells) {
    return text("cells = ", plan.cells, " is not from 1 to ", kMaxCells);
  }
  if (!std::isfinite(plan.origin)) return text("origin = ", plan.origin, " is not finite");
  switch (plan.kind) {
    case CellKind::kAffine:
      if (!is_positive(plan.scale)) return text("scale = ", plan.scale, " is not positive");
      return "";
    case CellKind::kLattice:
      if (!is_power_of_two(plan.scale) || plan.scale < 1) {
        return text("scale = ", plan.scale, " is not a power of two from 1");
      }
      if (!is_whole(plan.first) || !is_whole(plan.last) || plan.last < plan.first) {
        return text("points ", plan.first, " to ", plan.last, " are not whole and rising");
      }
      return "";
    case CellKind::kBend:
      if (!is_positive(plan.bend) || !std::isnormal(plan.bend)) {
        return text("bend = ", plan.bend, " is not positive");
      }
      if (plan.multiplier == 0) return "multiplier = 0 is not positive";
      if (plan.middle < 0 || plan.middle > static_cast<std::int32_t>(plan.cells)) {
        return text("middle = ", plan.middle, " is not from 0 to ", plan.cells);
      }
      return "";
    case CellKind::kCuts:
      return "";
  }
  return text("kind ", static_cast<int>(plan.kind), " is not one of 0 to 3");
}

std::string flaw(std::span<const double> cuts) {
  for (std::size_t i = 0; i < cuts.size(); ++i) {
    if (!std::isfinite(cuts[i])) return text("cuts[", i, "] = ", cuts[i], " is not finite");
    if (i > 0 && !(cuts[i] > cuts[i - 1])) {
      return text("cuts must rise: cuts[", i, "] = ", cuts[i], " does not exceed ", cuts[i - 1]);
    }
  }
  return "";
}

CellPlan checked(const CellPlan& plan) {
  const std::string reason = flaw(plan);
  if (!reason.empty()) throw invalid_argument("cell map: ", reason);
  return plan;
}

std::uint32_t lattice_cells(double first, double last) {
  constexpr double kMostPoints = (kMaxCells - 2) / 2.0;
  const double points = last - first + 1;
  return points >= 1 && points <= kMostPoints ? 2 * static_cast<std::uint32_t>(points) + 1
                                              : kMaxCells + 1;
}

CellPlan bend_plan(std::uint32_t cells, double origin, double bend, std::uint32_t multiplier,
                   std::int32_t middle) {
  CellPlan plan;
  plan.kind = CellKind::kBend;
  plan.cells = cells;
  plan.origin = origin;
  plan.bend = bend;
  plan.bend_bits = static_cast<std::uint32_t>(std::bit_cast<std::uint64_t>(bend) >> 32);
  plan.multiplier = multiplier;
  plan.middle = middle;
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

CellPlan affine_plan(std::uint32_t cells, double origin, double scale) {
  CellPlan plan;
  plan.kind = CellKind::kAffine;
  plan.cells = cells;
  plan.origin = origin;
  plan.scale = scale;
  return plan;
}

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

CellPlan cuts_plan(std::size_t cuts) {
  CellPlan plan;
  plan.kind = CellKind::kCuts;
  plan.cells = cuts < kMaxCells ? static_cast<std::uint32_t>(cuts) + 1 : kMaxCells + 1;
  return plan;
}

}  // namespace

CellMap CellMap::affine(std::uint32_t cells, double origin, double scale) {
  return CellMap(checked(affine_plan(cells, origin, scale)));
}

CellMap CellMap::lattice(double first, double last, double scale) {
  return CellMap(checked(lattice_plan(first, last, scale)));
}

CellMap CellMap::bend(std::uint32_t cells, double origin, double bend, std::uint32_t multiplier,
                      std::int32_t middle) {
  return CellMap(checked(bend_plan(cells, origin, bend, multiplier, middle)));
}

CellMap CellMap::cuts(std::span<const double> cuts) {
  const std::string reason = flaw(cuts);
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
  if (plan.kind == CellKind::kLattice || !fits) return CellMap(plan);
  plan.cells *= factor;
  plan.scale *= factor;
  plan.multiplier = static_cast<std::uint32_t>(multiplier);
  plan.middle *= static_cast<std::int32_t>(factor);
  return CellMap(checked(plan));
}

bool CellMap::is_point(std::uint32_t cell) const noexcept {
  if (plan_.kind == CellKind::kLattice) return cell % 2 == 1;
  if (plan_.kind != CellKind::kCuts || cell == 0 || cell >= cuts_.size()) return false;
  const double low = cuts_[cell - 1];
  return std::fabs(low) < kLastExact && cuts_[cell] == next_up(low);
}

double CellMap::lower_bound(std::uint32_t cell) const noexcept {
  constexpr double kMost = std::numeric_limits<double>::max();
  const std::uint32_t slot = cell + 1;
  std::uint64_t low = ordered_bits(-kMost);
  std::uint64_t high = ordered_bits(kMost) + 1;  // that of +inf
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    if (cell_slot(plan_, from_ordered_bits(middle)) >= slot) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return from_ordered_bits(low) + 0.0;
}

void CellMap::write(ByteWriter& out) const {
  out.write(static_cast<std::uint8_t>(plan_.kind));
  switch (plan_.kind) {
    case CellKind::kAffine:
      out.write(plan_.cells);
      out.write(plan_.origin);
      out.write(plan_.scale);
      return;
    case CellKind::kLattice:
      out.write(plan_.first);
      out.write(plan_.last);
      out.write(plan_.scale);
      return;
    case CellKind::kBend:
      out.write(plan_.cells);
      out.write(plan_.origin);
      out.write(plan_.bend);
      out.write(plan_.multiplier);
      out.write(plan_.middle);
      return;
    case CellKind::kCuts:
      out.write(static_cast<std::uint32_t>(cuts_.size()));
      for (const double cut : cuts_) out.write(cut);
      return;
  }
}

CellMap CellMap::read(ByteReader& in) {
  const auto kind = static_cast<CellKind>(in.read<std::uint8_t>());
  CellPlan plan;
  plan.kind = kind;
  std::vector<double> cuts;
  if (kind == CellKind::kAffine) {
    const auto cells = in.read<std::uint32_t>();
    const auto origin = in.read<double>();
    plan = affine_plan(cells, origin, in.read<double>());
  } else if (kind == CellKind::kLattice) {
    const auto first = in.read<double>();
    const auto last = in.read<double>();
    plan = lattice_plan(first, last, in.read<double>());
  } else if (kind == CellKind::kBend) {
    const auto cells = in.read<std::uint32_t>();
    const auto origin = in.read<double>();
    const auto bend = in.read<double>();
    const auto multiplier = in.read<std::uint32_t>();
    plan = bend_plan(cells, origin, bend, multiplier, in.read<std::int32_t>());
  } else if (kind == CellKind::kCuts) {
    const auto count = in.read<std::uint32_t>();
    plan = cuts_plan(count);
    if (plan.cells <= kMaxCells) {
      const auto bytes = in.read_bytes(std::size_t{count} * sizeof(double));
      cuts.resize(count);
      if (count > 0) std::memcpy(cuts.data(), bytes.data(), bytes.size());
    }
  }
  std::string reason = flaw(plan);
  if (reason.empty()) reason = flaw(cuts);
  if (!reason.empty()) throw corrupt_data(in.section(), ": cell map: ", reason);
  CellMap map(plan);
  if (kind == CellKind::kCuts) map.plant(cuts);
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

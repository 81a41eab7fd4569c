#include "kedge/sketch/cell_fit.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <limits>
#include <optional>

#include "kedge/base/bits.h"
#include "kedge/base/error.h"

namespace kedge {
namespace {

// A cheap map may have cells this many times their fair share: a normal column in an affine map of
// its middle range has 2.8. Above 8, a map of 4096 cells would leave a bracket of 0.002.
constexpr double kMostFair = 5;

// Trying a map on more values than this would not change which one is chosen.
constexpr std::size_t kTrialValues = 16384;

// What the fullest cell of a trial may hold: the count of a cell with the share above, and four of
// its standard deviations, because the fullest of many is one that chance made fuller.
double most_in_cell(std::size_t trial, std::uint32_t cells) {
  const double expected = kMostFair * static_cast<double>(trial) / cells;
  return (expected + 4 * std::sqrt(expected)) / static_cast<double>(trial);
}

using Sample = std::span<const double>;

double quantile(Sample sample, double share) {
  const double rank = share * static_cast<double>(sample.size() - 1);
  return sample[static_cast<std::size_t>(rank)];
}

// ---- lattice

std::optional<CellMap> fit_lattice(Sample sample, ValueRange range, std::uint32_t cells) {
  for (const double scale : {1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0}) {
    const double first = range.low * scale;
    const double last = range.high * scale;
    if (2 * (last - first + 1) + 1 > cells || std::fabs(first) > 0x1p50) return std::nullopt;
    const auto is_whole = [&](double v) { return v * scale == std::floor(v * scale); };
    if (first == std::floor(first) && last == std::floor(last) &&
        std::all_of(sample.begin(), sample.end(), is_whole)) {
      return CellMap::lattice(first + 0.0, last + 0.0, scale);
    }
  }
  return std::nullopt;
}

// ---- cuts

struct Atom {
  double value;
  std::size_t count;
};

// The values with more than one cell's fair share, as many as leave half of the cuts to the rest.
std::vector<Atom> find_atoms(Sample sample, std::uint32_t cells) {
  std::vector<Atom> atoms;
  for (std::size_t i = 0; i < sample.size();) {
    std::size_t end = i;
    while (end < sample.size() && sample[end] == sample[i]) ++end;
    if (std::uint64_t{end - i} * cells > sample.size()) atoms.push_back({sample[i], end - i});
    i = end;
  }
  const std::size_t most = cells / 4;
  if (atoms.size() <= most) return atoms;
  std::sort(atoms.begin(), atoms.end(), [](const Atom& a, const Atom& b) {
    return a.count > b.count || (a.count == b.count && a.value < b.value);
  });
  atoms.resize(most);
  std::sort(atoms.begin(), atoms.end(),
            [](const Atom& a, const Atom& b) { return a.value < b.value; });
  return atoms;
}

CellMap fit_cuts(Sample sample, ValueRange range, const std::vector<Atom>& atoms,
                 std::uint32_t cells) {
  std::vector<double> cuts = {range.low};
  if (std::isfinite(next_up(range.high))) cuts.push_back(next_up(range.high));
  std::size_t atom_values = 0;
  for (const Atom& atom : atoms) {
    cuts.push_back(atom.value);
    if (std::isfinite(next_up(atom.value))) cuts.push_back(next_up(atom.value));
    atom_values += atom.count;
  }
  const std::size_t budget = cells - 1 - std::min<std::size_t>(cuts.size(), cells - 1);
  const double step =
      static_cast<double>(sample.size() - atom_values) / static_cast<double>(budget + 1);
  double due = step;
  std::size_t seen = 0;
  auto atom = atoms.begin();
  for (const double value : sample) {
    while (atom != atoms.end() && atom->value < value) ++atom;
    if (atom != atoms.end() && atom->value == value) continue;
    if (static_cast<double>(seen) >= due) {
      cuts.push_back(value);
      while (static_cast<double>(seen) >= due) due += step;
    }
    ++seen;
  }
  for (double& cut : cuts) cut += 0.0;  // one zero
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  return CellMap::cuts(cuts);
}

// ---- affine and bend

// What a formula is to suit: a column but for its atoms, and the cells that these leave.
struct Rest {
  std::vector<double> sample;
  std::vector<double> trial;
  std::vector<double> atoms;
  ValueRange range;
  std::uint32_t cells;

  std::uint32_t inner() const {
    return cells - kOuterCells - 2 * static_cast<std::uint32_t>(atoms.size());
  }
  double at(double share) const { return quantile(sample, share); }
};

std::vector<double> thin(Sample sample) {
  std::vector<double> trial;
  const std::size_t step = sample.size() / kTrialValues + 1;
  for (std::size_t i = 0; i < sample.size(); i += step) trial.push_back(sample[i]);
  return trial;
}

Rest rest_of(Sample sample, ValueRange range, const std::vector<Atom>& atoms, std::uint32_t cells) {
  Rest rest = {{}, {}, {}, range, cells};
  for (const Atom& atom : atoms) rest.atoms.push_back(atom.value);
  std::copy_if(sample.begin(), sample.end(), std::back_inserter(rest.sample), [&](double value) {
    return !std::binary_search(rest.atoms.begin(), rest.atoms.end(), value);
  });
  rest.trial = thin(rest.sample);
  return rest;
}

std::optional<CellMap> fit_affine(const Rest& rest) {
  const double fair = 1.0 / rest.cells;
  const double low = rest.at(fair);
  const double scale = rest.inner() / (rest.at(1 - fair) - low);
  const CellPlan plan = affine_plan(rest.inner(), rest.range, low, scale);
  if (!flaw_of(with_atoms(plan, rest.atoms)).empty()) return std::nullopt;
  return CellMap::affine(rest.inner(), rest.range, low + 0.0, scale).with_atoms(rest.atoms);
}

std::uint32_t bend_steps(double distance, double bend) {
  const auto high_half = [](double v) {
    return static_cast<std::uint32_t>(std::bit_cast<std::uint64_t>(v) >> 32);
  };
  return high_half(distance + bend) - high_half(bend);
}

std::optional<CellMap> fit_bend(const Rest& rest, double origin, double bend) {
  // A fourth of a fair cell's share, because the middle of the last cell stands for what is in it.
  const double beyond = 0.25 / rest.cells;
  const double left = std::max(0.0, origin - rest.at(beyond));
  const double right = std::max(0.0, rest.at(1 - beyond) - origin);
  if (!std::isnormal(bend) || !std::isfinite(left + bend) || !std::isfinite(right + bend)) {
    return std::nullopt;
  }
  const std::uint64_t left_steps = bend_steps(left, bend);
  const std::uint64_t steps = left_steps + bend_steps(right, bend) + 1;
  const std::uint64_t multiplier = (std::uint64_t{rest.inner()} << 32) / steps;
  if (multiplier > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  const auto middle = static_cast<std::int32_t>((left_steps * multiplier) >> 32);
  const auto narrow = static_cast<std::uint32_t>(multiplier);
  const CellPlan plan = bend_plan(rest.inner(), rest.range, origin, bend, narrow, middle);
  if (!flaw_of(with_atoms(plan, rest.atoms)).empty()) return std::nullopt;
  return CellMap::bend(rest.inner(), rest.range, origin, bend, narrow, middle)
      .with_atoms(rest.atoms);
}

std::optional<CellMap> best_bend(const Rest& rest, double least) {
  std::optional<CellMap> best;
  for (const double origin : {0.0, rest.at(0.5), rest.sample.front() + 0.0}) {
    std::vector<double> distances;
    distances.reserve(rest.trial.size());
    for (const double value : rest.trial) distances.push_back(std::fabs(value - origin));
    std::sort(distances.begin(), distances.end());
    for (const double share : {0.002, 0.02, 0.1, 0.25, 0.5}) {
      auto map = fit_bend(rest, origin, quantile(distances, share));
      if (!map) continue;
      const double largest = largest_cell(*map, rest.trial);
      if (largest >= least) continue;
      least = largest;
      best = std::move(map);
    }
  }
  return best;
}

// The bounds of what lies in each of the parts of an affine map.
std::vector<std::size_t> part_ends(Sample sample, double origin, double scale,
                                   std::uint32_t parts) {
  std::vector<std::size_t> ends(parts);
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const double t = std::clamp((sample[i] - origin) * scale, 0.0, parts - 1.0);
    ends[static_cast<std::uint32_t>(t)] = i + 1;
  }
  for (std::uint32_t i = 1; i < parts; ++i) ends[i] = std::max(ends[i], ends[i - 1]);
  return ends;
}

// Affine over the middle of what is in the part.
PartSplit split_part(Sample part, std::uint32_t cells, double fallback) {
  const double beyond = cells < 8 ? 0.0 : 1.0 / cells;
  const double low = quantile(part, beyond);
  const double scale = cells / (quantile(part, 1 - beyond) - low);
  const bool is_usable = scale > 0 && std::isfinite(scale);
  return {low, is_usable ? scale : fallback, cells};
}

// Each part gets a cell if there is anything in it, and more in proportion to what there is.
std::optional<CellMap> fit_clusters(const Rest& rest) {
  const std::uint32_t parts = std::min(kMostParts, rest.cells / 4);
  const double fair = 1.0 / rest.cells;
  const double origin = rest.at(fair) + 0.0;
  const double scale = parts / (rest.at(1 - fair) - origin);
  if (!(scale > 0) || !std::isfinite(scale)) return std::nullopt;
  const std::vector<std::size_t> ends = part_ends(rest.sample, origin, scale, parts);
  std::uint32_t to_share = rest.inner();
  for (std::uint32_t i = 0; i < parts; ++i) to_share -= ends[i] > (i > 0 ? ends[i - 1] : 0);
  std::vector<PartSplit> splits;
  for (std::size_t start = 0; const std::size_t end : ends) {
    const std::uint64_t share = to_share * std::uint64_t{end - start} / rest.sample.size();
    const Sample part = Sample(rest.sample).subspan(start, end - start);
    splits.push_back(part.empty() ? PartSplit{}
                                  : split_part(part, static_cast<std::uint32_t>(share) + 1, scale));
    start = end;
  }
  const std::vector<CellPart> table = clusters_parts(splits);
  const CellPlan plan = clusters_plan(rest.range, origin, scale, table);
  if (!flaw_of(with_atoms(plan, rest.atoms)).empty()) return std::nullopt;
  return CellMap::clusters(rest.range, origin, scale, splits).with_atoms(rest.atoms);
}

// The map that takes the least time of those that are narrow enough.
std::optional<CellMap> fit_formula(Sample sample, ValueRange range, const std::vector<Atom>& atoms,
                                   std::uint32_t cells) {
  if (atoms.size() > kMostAtoms) return std::nullopt;
  const Rest rest = rest_of(sample, range, atoms, cells);
  if (rest.sample.empty()) return std::nullopt;
  const double most = most_in_cell(rest.trial.size(), cells);
  if (auto map = fit_affine(rest)) {
    if (largest_cell(*map, rest.trial) <= most) return map;
  }
  if (auto map = best_bend(rest, most)) return map;
  auto map = fit_clusters(rest);
  return map && largest_cell(*map, rest.trial) <= most ? std::move(map) : std::nullopt;
}

}  // namespace

double largest_cell(const CellMap& map, std::span<const double> sample) {
  std::size_t largest = 0;
  for (std::size_t i = 0; i < sample.size();) {
    const std::uint32_t slot = cell_slot(map.plan(), sample[i]);
    std::size_t end = i + 1;
    while (end < sample.size() && cell_slot(map.plan(), sample[end]) == slot) ++end;
    if (!map.is_point(slot - 1)) largest = std::max(largest, end - i);
    i = end;
  }
  return sample.empty() ? 0 : static_cast<double>(largest) / static_cast<double>(sample.size());
}

CellMap exact_cell_map(std::span<const double> values) {
  if (values.empty()) return CellMap::cuts({});
  constexpr std::uint32_t kAnyNumber = kMaxCells;
  if (auto map = fit_lattice(values, {values.front(), values.back()}, kAnyNumber)) {
    if (map->cells() <= 4 * values.size() + 64) return std::move(*map);
  }
  std::vector<double> cuts;
  for (const double value : values) {
    if (cuts.empty() || cuts.back() < value) cuts.push_back(value);
    if (std::isfinite(next_up(value))) cuts.push_back(next_up(value));
  }
  return CellMap::cuts(cuts);
}

CellMap fit_cell_map(std::span<const double> sample, ValueRange range, std::uint32_t cells) {
  if (cells < kLeastFitCells || cells > kMostFitCells) {
    throw invalid_argument("cells = ", cells, " is not from ", kLeastFitCells, " to ",
                           kMostFitCells);
  }
  if (sample.empty()) return CellMap::cuts({});
  if (auto map = fit_lattice(sample, range, cells)) return std::move(*map);
  const std::vector<Atom> atoms = find_atoms(sample, cells);
  if (auto map = fit_formula(sample, range, atoms, cells)) return std::move(*map);
  return fit_cuts(sample, range, atoms, cells);
}

}  // namespace kedge

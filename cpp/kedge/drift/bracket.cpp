#include "kedge/drift/bracket.h"

#include <algorithm>
#include <cmath>

#include "kedge/base/error.h"

namespace kedge {
namespace {

void check_maps(const Histogram& reference, const Histogram& current) {
  if (reference.same_map(current)) return;
  throw invalid_argument("the two samples were counted over different cells (",
                         reference.map().cells(), " and ", current.map().cells(), ")");
}

bool is_point_slot(const CellMap& map, std::uint32_t slot) {
  if (slot == minus_inf_slot() || slot == plus_inf_slot(map.cells())) return true;
  return map.is_point(slot - 1);
}

// The heaviest run of slots so far, for one direction of change: the best sum that ends at the
// slot before, extended or started anew.
struct HeaviestRun {
  double ending = 0;
  double best = 0;
  std::uint32_t start = 0;
  std::uint32_t first = 0;
  std::uint32_t last = 0;

  void extend(std::uint32_t slot, double change) {
    if (ending <= 0) {
      ending = 0;
      start = slot;
    }
    ending += change;
    if (ending > best) {
      best = ending;
      first = start;
      last = slot;
    }
  }
};

}  // namespace

Bracket ks_bracket(const Histogram& reference, const Histogram& current) {
  check_maps(reference, current);
  Bracket bracket;
  if (reference.value_count() == 0 || current.value_count() == 0) return bracket;
  const auto n = static_cast<double>(reference.value_count());
  const auto m = static_cast<double>(current.value_count());
  const CellMap& map = reference.map();
  std::uint64_t reference_seen = 0;
  std::uint64_t current_seen = 0;
  double f = 0;
  double g = 0;
  double inside = 0;
  for (std::uint32_t slot = 0; slot <= plus_inf_slot(map.cells()); ++slot) {
    const double f_before = f;
    const double g_before = g;
    f = static_cast<double>(reference_seen += reference.slot_count(slot)) / n;
    g = static_cast<double>(current_seen += current.slot_count(slot)) / m;
    if (!is_point_slot(map, slot)) inside = std::max({inside, f - g_before, g - f_before});
    if (std::fabs(f - g) <= bracket.lower) continue;
    bracket.lower = std::fabs(f - g);
    bracket.slot = slot;
    bracket.sign = f < g ? -1 : 1;
  }
  bracket.upper = std::max(bracket.lower, inside);
  return bracket;
}

Interval changed_interval(const Histogram& reference, const Histogram& current) {
  check_maps(reference, current);
  Interval interval;
  if (reference.value_count() == 0 || current.value_count() == 0) return interval;
  const auto n = static_cast<double>(reference.value_count());
  const auto m = static_cast<double>(current.value_count());
  HeaviestRun gained;
  HeaviestRun lost;
  const std::uint32_t end = plus_inf_slot(reference.map().cells());
  const auto share = [](const Histogram& histogram, std::uint32_t slot, double rows) {
    return static_cast<double>(histogram.slot_count(slot)) / rows;
  };
  for (std::uint32_t slot = 0; slot <= end; ++slot) {
    const double change = share(current, slot, m) - share(reference, slot, n);
    gained.extend(slot, change);
    lost.extend(slot, -change);
  }
  constexpr double kTie = 1e-12;  // where as much was gained as lost, name what is there now
  const HeaviestRun& run = lost.best > gained.best + kTie ? lost : gained;
  interval.first_slot = run.first;
  interval.last_slot = run.last;
  std::uint64_t in_reference = 0;
  std::uint64_t in_current = 0;
  for (std::uint32_t slot = run.first; slot <= run.last; ++slot) {
    in_reference += reference.slot_count(slot);
    in_current += current.slot_count(slot);
  }
  interval.reference_share = static_cast<double>(in_reference) / n;
  interval.current_share = static_cast<double>(in_current) / m;
  return interval;
}

}  // namespace kedge

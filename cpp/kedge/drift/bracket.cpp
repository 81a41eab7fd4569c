#include "kedge/drift/bracket.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kedge/base/error.h"
#include "kedge/drift/heaviest_run.h"

namespace kedge {
namespace {

void check_maps(const Histogram& reference, const Histogram& current) {
  if (reference.same_map(current)) return;
  throw invalid_argument("the two samples were counted over different cells (",
                         reference.map().cells(), " and ", current.map().cells(), ")");
}

// Both distribution functions slot by slot, in units of 1 / (n m): whole numbers, so that they are
// exact up to n m = 2^53 and cost no division.
class Walk {
 public:
  Walk(const Histogram& reference, const Histogram& current)
      : reference_(reference),
        current_(current),
        n_(static_cast<double>(reference.value_count())),
        m_(static_cast<double>(current.value_count())) {}

  double unit() const { return n_ * m_; }

  // Calls use(slot, f_before, g_before, f, g) for every slot that has a place in the order.
  template <class Use>
  void each_slot(const Use& use) const {
    const std::uint32_t end = plus_inf_slot(reference_.map().cells());
    std::uint64_t in_reference = 0;
    std::uint64_t in_current = 0;
    double f = 0;
    double g = 0;
    for (std::uint32_t slot = 0; slot <= end; ++slot) {
      const double f_before = f;
      const double g_before = g;
      f = real(in_reference += reference_.slot_count(slot)) * m_;
      g = real(in_current += current_.slot_count(slot)) * n_;
      use(slot, f_before, g_before, f, g);
    }
  }

 private:
  // By way of the signed type, for which every machine has an instruction.
  static double real(std::uint64_t count) {
    return static_cast<double>(static_cast<std::int64_t>(count));
  }

  const Histogram& reference_;
  const Histogram& current_;
  double n_;
  double m_;
};

}  // namespace

bool is_point_slot(const CellMap& map, std::uint32_t slot) {
  if (slot == minus_inf_slot() || slot == plus_inf_slot(map.cells())) return true;
  return map.is_point(slot - 1);
}

Bracket ks_bracket(const Histogram& reference, const Histogram& current) {
  check_maps(reference, current);
  Bracket bracket;
  if (reference.value_count() == 0 || current.value_count() == 0) return bracket;
  const Walk walk(reference, current);
  double widest = 0;
  double inside = 0;
  walk.each_slot([&](std::uint32_t slot, double f_before, double g_before, double f, double g) {
    const double reach = std::max(f - g_before, g - f_before);
    if (reach > inside && !is_point_slot(reference.map(), slot)) inside = reach;
    if (std::fabs(f - g) <= widest) return;
    widest = std::fabs(f - g);
    bracket.slot = slot;
    bracket.sign = f < g ? -1 : 1;
  });
  bracket.lower = widest / walk.unit();
  bracket.upper = std::max(widest, inside) / walk.unit();
  return bracket;
}

Interval changed_interval(const Histogram& reference, const Histogram& current) {
  check_maps(reference, current);
  Interval interval;
  if (reference.value_count() == 0 || current.value_count() == 0) return interval;
  const Walk walk(reference, current);
  HeaviestRun gained;
  HeaviestRun lost;
  walk.each_slot([&](std::uint32_t slot, double f_before, double g_before, double f, double g) {
    gained.extend(slot, g_before - f_before, g - f);
    lost.extend(slot, f_before - g_before, f - g);
  });
  // Where as much was gained as lost, name what is there now.
  const double tie = 1e-12 * walk.unit();
  const HeaviestRun& run = lost.best > gained.best + tie ? lost : gained;
  interval.first_slot = run.first;
  interval.last_slot = run.last;
  std::uint64_t in_reference = 0;
  std::uint64_t in_current = 0;
  for (std::uint32_t slot = run.first; slot <= run.last; ++slot) {
    in_reference += reference.slot_count(slot);
    in_current += current.slot_count(slot);
  }
  const auto share = [](std::uint64_t part, const Histogram& whole) {
    return static_cast<double>(part) / static_cast<double>(whole.value_count());
  };
  interval.reference_share = share(in_reference, reference);
  interval.current_share = share(in_current, current);
  return interval;
}

ValueRange values_in(const CellMap& map, std::uint32_t first_slot, std::uint32_t last_slot) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  ValueRange range{-kInfinity, kInfinity};
  if (first_slot > 1) {
    range.low = first_slot > map.cells() ? kInfinity : map.lower_bound(first_slot - 1);
  }
  if (last_slot == minus_inf_slot()) {
    range.high = -kInfinity;
  } else if (last_slot < map.cells()) {
    range.high = map.upper_bound(last_slot - 1);
  }
  return range;
}

}  // namespace kedge

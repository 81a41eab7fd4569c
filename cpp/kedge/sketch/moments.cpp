#include "kedge/sketch/moments.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kedge/base/error.h"

namespace kedge {
namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

// Calls use(low, high, count) for each cell that holds values, the infinities with the outer ones.
template <class Use>
void each_cell(const Histogram& histogram, const Use& use) {
  const std::vector<double> ends = histogram.map().positions();
  const std::uint32_t cells = histogram.map().cells();
  for (std::uint32_t cell = 0; cell < cells; ++cell) {
    std::uint64_t count = histogram.slot_count(cell + 1);
    if (cell == 0) count += histogram.slot_count(minus_inf_slot());
    if (cell + 1 == cells) count += histogram.slot_count(plus_inf_slot(cells));
    if (count > 0) use(ends[cell], ends[cell + 1], static_cast<double>(count));
  }
}

// Half of each first, so that the sum of two large numbers is not infinite.
double middle(double low, double high) { return low / 2 + high / 2; }

}  // namespace

Moments moments_of(const Histogram& histogram) {
  if (histogram.value_count() == 0) return {kNothing, kNothing, kNothing};
  const auto rows = static_cast<double>(histogram.value_count());
  Moments moments;
  each_cell(histogram, [&](double low, double high, double count) {
    moments.mean += middle(low, high) * (count / rows);
    moments.mean_error += (high / 2 - low / 2) * (count / rows);
  });
  double variance = 0;
  each_cell(histogram, [&](double low, double high, double count) {
    const double off = middle(low, high) - moments.mean;
    variance += off * off * (count / rows);
  });
  moments.deviation = std::sqrt(variance);
  return moments;
}

ValueRange quantile_of(const Histogram& histogram, double share) {
  if (!(share >= 0 && share <= 1)) {
    throw invalid_argument("share = ", share, " is not from 0 to 1");
  }
  ValueRange found = {kNothing, kNothing};
  const double rank =
      std::max(1.0, std::ceil(share * static_cast<double>(histogram.value_count())));
  double seen = 0;
  each_cell(histogram, [&](double low, double high, double count) {
    if (seen < rank && seen + count >= rank) found = {low, high};
    seen += count;
  });
  return found;
}

}  // namespace kedge

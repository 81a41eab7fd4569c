#include "kedge/window/histogram_bounds.h"

#include <cmath>

#include "kedge/base/error.h"

namespace kedge {
namespace {

void check_bounds(std::span<const double> bounds, const char* argument) {
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    if (!std::isfinite(bounds[i])) {
      throw invalid_argument(argument, "[", i, "] = ", bounds[i], " is not finite");
    }
    if (i != 0 && !(bounds[i] > bounds[i - 1])) {
      throw invalid_argument(argument, " must rise: ", argument, "[", i, "] = ", bounds[i],
                             " does not exceed ", bounds[i - 1]);
    }
  }
}

}  // namespace

std::vector<double> histogram_bounds(double bins, std::span<const double> given) {
  if (bins == 0) {
    if (given.empty() || given.size() > kMostHistogramBounds) {
      throw invalid_argument("bounds: ", given.size(), " are not between 1 and ",
                             kMostHistogramBounds);
    }
    check_bounds(given, "bounds");
    return {given.begin(), given.end()};
  }
  constexpr double kMostBins = kMostHistogramBounds - 1;
  if (!(bins >= 1 && bins <= kMostBins && bins == std::floor(bins))) {
    throw invalid_argument("bins = ", bins, " is not a whole number between 1 and ", kMostBins);
  }
  if (given.size() != 2) throw invalid_argument("range: ", given.size(), " numbers, not 2");
  check_bounds(given, "range");
  const double width = (given[1] - given[0]) / bins;
  std::vector<double> bounds(static_cast<std::size_t>(bins) + 1, given[1]);
  for (std::size_t i = 0; i + 1 < bounds.size(); ++i) {
    bounds[i] = given[0] + static_cast<double>(i) * width;
  }
  for (std::size_t i = 1; i < bounds.size(); ++i) {
    if (bounds[i] > bounds[i - 1] && std::isfinite(bounds[i])) continue;
    throw invalid_argument("range = (", joined_bounds(given), ") has no ", bins,
                           " bins of equal width");
  }
  return bounds;
}

std::string joined_bounds(std::span<const double> bounds) {
  std::string out;
  for (const double bound : bounds) out += text(out.empty() ? "" : ", ", bound);
  return out;
}

}  // namespace kedge

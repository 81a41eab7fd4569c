#include "kedge/drift/wasserstein.h"

#include <cmath>

#include "kedge/base/error.h"

namespace kedge {
namespace {

void check_positions(std::span<const double> positions, std::size_t bins) {
  if (positions.size() != bins + 1) {
    throw invalid_argument(bins, " bins have ", bins + 1, " ends, got ", positions.size());
  }
  for (std::size_t i = 0; i < positions.size(); ++i) {
    if (!std::isfinite(positions[i])) {
      throw invalid_argument("positions[", i, "] = ", positions[i], ": must be finite");
    }
    if (i > 0 && positions[i] < positions[i - 1]) {
      throw invalid_argument("positions[", i, "] = ", positions[i], ": must not be below ",
                             positions[i - 1], " before it");
    }
  }
}

// The mean of |left .. right| on a line; where it crosses zero, two triangles.
double mean_distance(double left, double right) {
  const double sum = std::fabs(left) + std::fabs(right);
  return left * right < 0 ? (left * left + right * right) / (2 * sum) : sum / 2;
}

}  // namespace

PlaceDistances place_distances(BinCounts reference, BinCounts current,
                               std::span<const double> positions) {
  const CountPair pair = check_counts(reference, current);
  check_positions(positions, reference.size());
  PlaceDistances sum;
  if (pair.reference == 0 || pair.current == 0) return sum;
  const double product = 1 / (pair.reference * pair.current);
  double below_n = 0;
  double below_m = 0;
  double left = 0;  // the difference of the two distribution functions at the bin's ends
  double squares = 0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    below_n += real_count(reference[i]);
    below_m += real_count(current[i]);
    const double right = (below_n * pair.current - below_m * pair.reference) * product;
    // An infinite width of no difference would be NaN.
    if (left != 0 || right != 0) {
      const double width = positions[i + 1] - positions[i];
      sum.wasserstein += width * mean_distance(left, right);
      squares += width * (left * left + left * right + right * right);
    }
    left = right;
  }
  sum.energy = std::sqrt(squares * (2.0 / 3));
  return sum;
}

}  // namespace kedge

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

// Adds up width * mean(left, right) over the bins, left and right being the difference of the two
// distribution functions at a bin's ends.
template <class Mean>
double integral(BinCounts reference, BinCounts current, std::span<const double> positions,
                Mean mean) {
  const CountPair pair = check_counts(reference, current);
  check_positions(positions, reference.size());
  if (pair.reference == 0 || pair.current == 0) return 0;
  const double product = 1 / (pair.reference * pair.current);
  double below_n = 0;
  double below_m = 0;
  double left = 0;
  double sum = 0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    below_n += real_count(reference[i]);
    below_m += real_count(current[i]);
    const double right = (below_n * pair.current - below_m * pair.reference) * product;
    // An infinite width of no difference would be NaN.
    if (left != 0 || right != 0) sum += (positions[i + 1] - positions[i]) * mean(left, right);
    left = right;
  }
  return sum;
}

}  // namespace

double wasserstein(BinCounts reference, BinCounts current, std::span<const double> positions) {
  return integral(reference, current, positions, [](double left, double right) {
    const double sum = std::fabs(left) + std::fabs(right);
    // Where the line crosses zero, two triangles.
    return left * right < 0 ? (left * left + right * right) / (2 * sum) : sum / 2;
  });
}

double energy_distance(BinCounts reference, BinCounts current, std::span<const double> positions) {
  return std::sqrt(2 * integral(reference, current, positions, [](double left, double right) {
                     return (left * left + left * right + right * right) / 3;
                   }));
}

}  // namespace kedge

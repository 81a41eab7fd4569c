#include "kedge/drift/chi_square.h"

#include "kedge/base/gamma.h"
#include "kedge/base/math.h"

namespace kedge {
namespace {

ChiSquareResult result_of(double statistic, const CountPair& pair) noexcept {
  const auto dof = static_cast<double>(pair.bins - 1);
  return {statistic, chi_square_sf(statistic, dof), dof};
}

// count log(count / expected) + expected - count, for excess = count - expected: never negative.
double likelihood_part(double count, double excess) noexcept {
  return count > 0 ? -count * log1pmx(-excess / count) : -excess;
}

}  // namespace

ChiSquareResult chi_square_homogeneity(BinCounts reference, BinCounts current) {
  const CountPair pair = check_counts(reference, current);
  if (!pair.comparable()) return {};
  double sum = 0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const double a = real_count(reference[i]);
    const double b = real_count(current[i]);
    const double difference = a * pair.current - b * pair.reference;
    // A bin without values has no difference either, and may be divided by anything.
    const double both = a + b;
    sum += difference * difference / (both > 0 ? both : 1);
  }
  return result_of(sum / (pair.reference * pair.current), pair);
}

ChiSquareResult g_test(BinCounts reference, BinCounts current) {
  const CountPair pair = check_counts(reference, current);
  if (!pair.comparable()) return {};
  const double total = pair.reference + pair.current;
  double sum = 0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const double a = real_count(reference[i]);
    const double b = real_count(current[i]);
    const double excess = (a * pair.current - b * pair.reference) / total;
    sum += likelihood_part(a, excess) + likelihood_part(b, -excess);
  }
  return result_of(2 * sum, pair);
}

}  // namespace kedge

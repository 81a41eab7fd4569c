#include "kedge/drift/distance.h"

#include <algorithm>
#include <cmath>

#include "kedge/base/error.h"
#include "kedge/base/gamma.h"
#include "kedge/base/math.h"

namespace kedge {
namespace {

constexpr double kLogFour = 1.3862943611198906;

// (1 + r) log(1 + r) + (1 - r) log(1 - r) for r = (q - p) / (p + q), given log(q / p). Near zero
// both parts are of the size of r^2, and the series 2 (r^2/2 + r^4/12 + r^6/30 + ...) saves a
// logarithm; its next term is below 1e-15 of the sum.
double entropy_defect(double p, double q, double log_odds) noexcept {
  constexpr double kNear = 0.125;
  const double both = p + q;
  const double r = (q - p) / both;
  // 1 - r^2 is 4 p q / (p + q)^2, which does not cancel near r = 1.
  if (std::fabs(r) > kNear) return r * log_odds + log_of(4 * (p / both) * (q / both));
  const double square = r * r;
  double sum = 1.0 / 120;
  sum = sum * square + 1.0 / 91;
  sum = sum * square + 1.0 / 66;
  sum = sum * square + 1.0 / 45;
  sum = sum * square + 1.0 / 28;
  sum = sum * square + 1.0 / 15;
  sum = sum * square + 1.0 / 6;
  return square * (sum * square + 1);
}

}  // namespace

CountDistances count_distances(BinCounts reference, BinCounts current) {
  const CountPair pair = check_counts(reference, current);
  if (!pair.comparable()) return {};
  const double n = pair.reference;
  const double m = pair.current;
  const auto bins = static_cast<double>(pair.bins);
  const double added = pair.one_sided ? 0.5 : 0;
  const double padded_n = n + added * bins;
  const double padded_m = m + added * bins;
  CountDistances sum;
  double divergence = 0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const double a = real_count(reference[i]);
    const double b = real_count(current[i]);
    if (a + b == 0) continue;
    const double p = a / n;
    const double q = b / m;
    const double difference = p - q;
    const double root_difference = std::sqrt(p) - std::sqrt(q);
    sum.total_variation += std::fabs(difference);
    sum.hellinger += root_difference * root_difference;

    const double padded_p = (a + added) / padded_n;
    const double padded_q = (b + added) / padded_m;
    const double log_padded = log_of(padded_q / padded_p);
    sum.psi += (padded_q - padded_p) * log_padded;
    sum.kl += padded_q * log_padded;

    if (a > 0 && b > 0) {
      const double log_odds = pair.one_sided ? log_of(q / p) : log_padded;
      divergence += (p + q) * entropy_defect(p, q, log_odds);
    } else {
      divergence += (p + q) * kLogFour;
    }
  }
  sum.total_variation /= 2;
  sum.hellinger = std::sqrt(sum.hellinger / 2);
  sum.js = std::sqrt(divergence / 4);
  sum.kl = std::max(sum.kl, 0.0);  // its terms have both signs, and may leave -1e-17
  return sum;
}

CountNoise count_noise(std::size_t bins, std::uint64_t n, std::uint64_t m, double level) {
  if (!(level > 0 && level < 1)) {
    throw invalid_argument("level = ", level, ": must be above 0 and below 1");
  }
  if (bins <= 1) return {};
  const double scale = 1 / static_cast<double>(n) + 1 / static_cast<double>(m);
  const double psi = scale * chi_square_quantile(1 - level, static_cast<double>(bins - 1));
  return {psi, std::sqrt(psi / 8)};
}

}  // namespace kedge

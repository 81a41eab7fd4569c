#include "kedge/drift/rank_tests.h"

#include <cmath>

#include "kedge/base/math.h"
#include "kedge/drift/rank_limits.h"

namespace kedge {
namespace {

struct Harmonic {
  double first;   // 1 + 1/2 + ... + 1/n
  double second;  // 1 + 1/4 + ... + 1/n^2
};

Harmonic harmonic(double n) noexcept {
  constexpr double kFew = 40;
  Harmonic sum{0, 0};
  if (n <= kFew) {
    for (double i = n; i >= 1; --i) {
      sum.first += 1 / i;
      sum.second += 1 / (i * i);
    }
    return sum;
  }
  // Euler and Maclaurin; what is left out is below 1e-17 from 40 on.
  constexpr double kEuler = 0.5772156649015329;
  constexpr double kZetaTwo = 1.6449340668482264;
  const double u = 1 / n;
  const double square = u * u;
  sum.first = log_of(n) + kEuler + u / 2 -
              square * (1.0 / 12 - square * (1.0 / 120 - square * (1.0 / 252 - square / 240)));
  sum.second = kZetaTwo - u + square / 2 -
               u * square * (1.0 / 6 - square * (1.0 / 30 - square * (1.0 / 42 - square / 30)));
  return sum;
}

// The deviation of A^2_akN: Scholz and Stephens, "K-Sample Anderson-Darling Tests", Journal of the
// American Statistical Association 82, 1987, equation 4 for k = 2. Their double sum g is
// H2(N-1) - 2 H(N-1) / N in harmonic numbers, which any N takes the same time for.
double akn_deviation(double n, double m) noexcept {
  const double total = n + m;
  const Harmonic sums = harmonic(total - 1);
  const double h = sums.first;
  const double g = sums.second - 2 * h / total;
  const double shares = 1 / n + 1 / m;
  const double a = 4 * g - 6 + (10 - 6 * g) * shares;
  const double b = 12 * g - 22 + 8 * h + (2 * g - 14 * h - 4) * shares;
  const double c = 4 + 36 * h + (2 * h - 6) * shares;
  const double d = 24;
  const double cubic = ((a * total + b) * total + c) * total + d;
  return std::sqrt(cubic / ((total - 1) * (total - 2) * (total - 3)));
}

struct Sums {
  double weighted = 0;  // Anderson and Darling's
  double squared = 0;   // Cramer and von Mises's
  double ties = 0;
};

// All in shares of the samples and of their sum, so that nothing overflows.
Sums add_up(BinCounts reference, BinCounts current, const CountPair& pair) noexcept {
  const double n = pair.reference;
  const double m = pair.current;
  const double total = n + m;
  const double product = 1 / (n * m);
  const double ratio = n / m + 1 + m / n;
  Sums sums;
  double below_n = 0;
  double below_m = 0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const double a = real_count(reference[i]);
    const double b = real_count(current[i]);
    const double both = a + b;
    const double left = below_n + below_m;
    const double right = total - left - both;
    // Twice the middle ranks' difference of the distribution functions.
    const double gap = ((2 * below_n + a) * m - (2 * below_m + b) * n) * product;
    const double square = both * gap * gap;
    // Four times Scholz and Stephens's B (N - B) - N l / 4; it is zero only when one bin holds all,
    // and where the bin is empty the square is zero too.
    const double spread = (2 * left + both) * (2 * right + both) - total * both;
    sums.weighted += square / (spread > 0 ? spread : 1);
    sums.squared += square;
    sums.ties += both * ((a * a - a * b + b * b) * ratio - 3 * a * b);
    below_n += a;
    below_m += b;
  }
  return sums;
}

}  // namespace

double AndersonDarlingResult::pvalue() const noexcept { return anderson_darling_sf(statistic); }
double CramerVonMisesResult::pvalue() const noexcept { return cramer_von_mises_sf(standardised); }
double CramerVonMisesResult::untied_pvalue() const noexcept { return cramer_von_mises_sf(untied); }

RankTests rank_tests(BinCounts reference, BinCounts current) {
  const CountPair pair = check_counts(reference, current);
  if (!pair.comparable()) return {};
  const Sums sums = add_up(reference, current, pair);
  const double n = pair.reference;
  const double m = pair.current;
  const double total = n + m;
  RankTests result;

  AndersonDarlingResult& ad = result.anderson_darling;
  ad.statistic = sums.weighted * n * m * (total - 1) / total;
  if (total >= 4) ad.standardised = (ad.statistic - 1) / akn_deviation(n, m);

  CramerVonMisesResult& cvm = result.cramer_von_mises;
  cvm.untied = sums.squared / 4 * (n / total) * (m / total);
  cvm.statistic =
      cvm.untied + sums.ties / (12 * total * total) - (n - m) / (12 * n * total) * ((n - m) / m);
  const double mean = (1 + 1 / total) / 6;
  const double variance = (1 + 1 / total) * (4 - 3 * (n / m + m / n) / total - 2 / total) / 180;
  if (variance > 0) {  // not for one value against one
    cvm.standardised = 1.0 / 6 + (cvm.statistic - mean) / std::sqrt(45 * variance);
  }
  return result;
}

}  // namespace kedge

#include "kedge/drift/kolmogorov.h"

#include <initializer_list>
#include <limits>
#include <numeric>
#include <vector>

#include "check.h"
#include "kedge/base/hash.h"
#include "kedge/base/random.h"
#include "kedge/drift/ks_pvalue.h"

namespace kedge {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

bool close(double value, double expected, double tolerance) {
  return std::fabs(value - expected) <= tolerance * std::fabs(expected);
}

struct OneSample {
  std::int64_t n;
  double d;
  double tail;
};

// scipy 1.17.1: float(scipy.stats.kstwo.sf(d, n)).
constexpr OneSample kOneSample[] = {
    // n*d <= 1, and few values
    {1, 0.5, 1.0},
    {1, 0.75, 0.5},
    {1, 0.9999, 0.00019999999999997797},
    {2, 0.5, 0.5},
    {2, 0.75, 0.125},
    {3, 0.3333, 0.7779110844462223},
    {3, 0.34, 0.7599146666666666},
    {5, 0.19, 0.977325184},
    {5, 0.49, 0.12586655800000002},
    {5, 0.5, 0.112},
    {5, 0.81, 0.0004952197999999993},
    {10, 0.274, 0.3715203845434957},
    {10, 0.9, 1.9999999999999957e-10},
    // Durbin's matrix and Smirnov's tail meet at n*d*d = 4 up to n = 140, ...
    {40, 0.05, 0.9998491367808701},
    {100, 0.1999, 0.0005597614175323142},
    {100, 0.2001, 0.0005506590144671673},
    {140, 0.0125, 1.0},
    {140, 0.169, 0.0005778682806183945},
    {140, 0.17, 0.0005246108687519814},
    {140, 0.495, 3.3586697257991026e-32},
    {140, 0.7, 2.7611948816463573e-69},
    // ... and with Pelz and Good's series between them from 141 on.
    {141, 0.0462, 0.9104496574350379},
    {141, 0.0463, 0.9091523551904095},
    {141, 0.1249, 0.02241500523834805},
    {141, 0.125, 0.022254729898737478},
    {141, 0.9, 2.0864169369551964e-141},
    {500, 0.02, 0.9859871786857471},
    {1023, 0.0465, 0.02321399322068774},
    {1024, 0.0465, 0.02311377288906635},
    {1536, 0.4, 2.6786573817646163e-222},
    {10000, 0.00269, 0.9999995514082088},
    {10001, 0.00269, 0.9999995506833191},
    {100000, 0.00459, 0.02949464944628688},
    {100000, 0.0047, 0.024040916622911235},
    {500000, 0.00546, 2.2508976808877335e-13},
    {500000, 0.0273, 0.0},
    {2147483647, 3e-05, 0.041904897101992966},
    // Above 1e6 scipy's upper tail is cruder: mpmath, 50 digits, 8192 equidistant terms of
    // Smirnov's
    // sum.
    {7250928, 0.0007591938822533958, 0.00046854795487890553},
    {2147483647, 0.0001, 4.448310004520822e-19},
    {1000000000000, 1.2e-06, 0.11224957691865756},
    {1000000000000, 1.5e-06, 0.022217970858474868},
    {1000000000000, 1.8e-05, 7.554408939897901e-282},
};

struct TwoSample {
  std::int64_t n;
  std::int64_t m;
  double d;
  double pvalue;
};

// scipy 1.17.1, the p-value of ks_2samp: scipy.stats._stats_py._attempt_exact_2kssamp(n, m,
// math.gcd(n, m), d, "two-sided")[2] up to 10 000, beyond kstwo.sf(d, np.round(n * m / (n + m))).
constexpr TwoSample kTwoSample[] = {
    {1, 1, 1.0, 1.0},
    {1, 2, 1.0, 0.6666666666666666},
    {2, 3, 3.0 / 6, 0.9},
    {2, 3, 6.0 / 6, 0.2},
    {3, 3, 2.0 / 3, 0.6},
    {5, 5, 3.0 / 5, 0.35714285714285715},
    {4, 6, 5.0 / 12, 0.6952380952380952},
    {10, 9, 30.0 / 90, 0.5750719868366928},
    {100, 100, 15.0 / 100, 0.21117008625127576},
    {100, 100, 1.0, 2.2087606931995054e-59},
    {100, 101, 1500.0 / 10100, 0.1839322508819293},
    {300, 200, 70.0 / 600, 0.07212870919414852},
    {64, 1024, 200.0 / 1024, 0.017630914064597453},
    {1, 10000, 9999.0 / 10000, 0.000399960003999599},
    {5000, 10000, 300.0 / 10000, 0.004922151540279541},
    {9999, 10000, 2000000.0 / 99990000, 0.03589605170521495},
    {9999, 10000, 9999000.0 / 99990000, 5.692894561555429e-44},
    {10000, 10000, 200.0 / 10000, 0.03662861114079258},
    {10000, 10000, 1800.0 / 10000, 6.712836425696043e-142},
    {1, 20000, 0.75, 0.5},
    {3, 20000, 0.5, 0.3333333333333333},
    {10001, 10001, 0.02, 0.03613941395325637},
    {20001, 20000, 0.004, 0.9970213880468209},
    {12, 1000000, 0.3, 0.18735709092941788},
    {1000000, 1000000, 0.00546, 2.2508976808877335e-13},
};

// The share of paths from (0, 0) to (n, m) that keep |i/n - j/m| below h / lcm, counted one by one.
double inside_share(std::int64_t n, std::int64_t m, std::int64_t h) {
  const std::int64_t divisor = std::gcd(n, m);
  std::vector<std::uint64_t> inside(static_cast<std::size_t>(m) + 1);
  std::vector<std::uint64_t> all(static_cast<std::size_t>(m) + 1);
  for (std::int64_t i = 0; i <= n; ++i) {
    for (std::size_t j = 0; j < all.size(); ++j) {
      const bool start = i == 0 && j == 0;
      all[j] = start ? 1 : all[j] + (j > 0 ? all[j - 1] : 0);
      inside[j] = start ? 1 : inside[j] + (j > 0 ? inside[j - 1] : 0);
      const auto distance = std::abs(i * m - static_cast<std::int64_t>(j) * n) / divisor;
      if (distance >= h) inside[j] = 0;
    }
  }
  return static_cast<double>(inside.back()) / static_cast<double>(all.back());
}

}  // namespace

TEST("the tail of Kolmogorov's statistic is scipy's in every regime") {
  for (const OneSample& row : kOneSample) {
    const double tail = kolmogorov_sf(row.n, row.d);
    CHECK(close(tail, row.tail, 1e-9));
  }
}

TEST("the tail is 1 at no distance, 0 at distance 1, NaN at none, and n is bounded") {
  for (const std::int64_t n : {1, 2, 140, 141, 100000}) {
    CHECK(kolmogorov_sf(n, 0.0) == 1 && kolmogorov_sf(n, -1.0) == 1);
    CHECK(kolmogorov_sf(n, 0.5 / static_cast<double>(n)) == 1);
    CHECK(kolmogorov_sf(n, 1.0) == 0 && kolmogorov_sf(n, 2.0) == 0);
    CHECK(std::isnan(kolmogorov_sf(n, kNan)));
  }
  CHECK(kolmogorov_sf(std::int64_t{1} << 53, 1e-16) == 1);
  CHECK_ERROR("n = 0: a sample has 1 to 2^53 values", kolmogorov_sf(0, 0.5));
}

TEST("the tail falls with the distance, but for the steps that the header names") {
  for (const std::int64_t n :
       {1, 2, 3, 10, 50, 139, 140, 141, 142, 500, 1024, 10000, 10001, 300000}) {
    double previous = 1;
    for (int i = 1; i <= 500; ++i) {
      const double relative = i / 500.0;
      const double d = n <= 140 ? relative : std::sqrt(6 * relative / static_cast<double>(n));
      const double tail = kolmogorov_sf(n, d);
      CHECK(tail <= previous * (1 + (n <= 140 ? 1e-11 : 3e-6)));
      previous = tail;
    }
  }
}

TEST("the two-sample p-value is scipy's, whichever sample comes first") {
  for (const TwoSample& row : kTwoSample) {
    CHECK(close(ks_two_sample_pvalue(row.n, row.m, row.d), row.pvalue, 1e-9));
    CHECK(close(ks_two_sample_pvalue(row.m, row.n, row.d), row.pvalue, 1e-9));
  }
}

TEST("the two-sample p-value is the share of paths counted one by one") {
  for (std::int64_t n = 1; n <= 14; ++n) {
    for (std::int64_t m = 1; m <= 14; ++m) {
      const std::int64_t multiple = std::lcm(n, m);
      for (std::int64_t h = 1; h <= multiple; ++h) {
        const double d = static_cast<double>(h) / static_cast<double>(multiple);
        CHECK(std::fabs(ks_two_sample_pvalue(n, m, d) - (1 - inside_share(n, m, h))) < 1e-14);
      }
    }
  }
}

TEST("two samples one step apart prove nothing: the p-value is 1, where scipy rounds above it") {
  for (const std::int64_t n : {5, 7, 13, 6384, 10000}) {
    CHECK(close(ks_two_sample_pvalue(n, n, 1 / static_cast<double>(n)), 1.0, 1e-14));
  }
  CHECK(ks_two_sample_pvalue(7, 9, 0.0) == 1 && ks_two_sample_pvalue(7, 9, 0.001) == 1);
  CHECK(ks_two_sample_pvalue(7, 9, 1.5) == 0 && std::isnan(ks_two_sample_pvalue(7, 9, kNan)));
  CHECK_ERROR("sample size 0: must be 1 to 2^53", ks_two_sample_pvalue(7, 0, 0.5));
}

TEST("p-values have the same bits on every machine") {
  Random random(2);
  Digest digest;
  for (int i = 0; i < 500; ++i) {
    const std::int64_t n = 1 + random.below(30000);
    const std::int64_t m = 1 + random.below(300);
    const double x = random.uniform();
    digest.add(kolmogorov_sf(n, std::sqrt(6 * x / static_cast<double>(n))));
    digest.add(kolmogorov_sf(m, x));
    digest.add(ks_two_sample_pvalue(m, 1 + n % 300, x));
  }
  CHECK(digest.value() == 0x1db554c50f313a55);
}

}  // namespace kedge

#include "kedge/base/gamma.h"

#include <algorithm>
#include <limits>

#include "check.h"
#include "kedge/base/hash.h"
#include "kedge/base/math.h"
#include "kedge/base/random.h"

namespace kedge {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct Tail {
  double a;
  double x;
  double value;
};

// mpmath, mp.dps = 50: gammainc(a, x, inf, regularized=True); above a = 10 000, where it gives up,
// the same series and continued fraction in 50 digits.
constexpr Tail kTails[] = {
    {0.5, 1e-20, 0.999999999887162},
    {0.5, 0.001, 0.9643294082703201},
    {0.5, 0.7, 0.23672357063785737},
    {0.5, 1.49, 0.08429927240325934},
    {0.5, 1.51, 0.08224346614660624},
    {0.5, 40.0, 3.744097384202899e-19},
    {0.5, 700.0, 2.1010145162642176e-306},
    {1, 1e-09, 0.999999999},
    {1, 2.0, 0.1353352832366127},
    {1, 700.0, 9.85967654375977e-305},
    {1.5, 0.01, 0.9992522446606088},
    {1.5, 2.5, 0.17179714429673312},
    {1.5, 300.0, 1.0078435921645642e-129},
    {2.25, 4.75, 0.06829168928346196},
    {9.5, 0.3, 0.9999999999927459},
    {9.5, 9.5, 0.4568361255919624},
    {9.5, 10.6, 0.3258558170509772},
    {9.5, 18.0, 0.01055552021048784},
    {9.5, 100.0, 3.404765139311642e-32},
    {9.5, 650.0, 3.527321507422616e-264},
    {16, 17.0, 0.3714536560753675},
    {16.5, 16.0, 0.5167396073103282},
    {16.5, 60.0, 8.224297425930323e-12},
    {100, 20.0, 1.0},
    {100, 100.0, 0.48670120172085135},
    {100, 101.5, 0.42757305368346665},
    {100, 250.0, 1.1737017704487874e-27},
    {100, 1000.0, 6.035827529631278e-294},
    {2047.5, 1500.0, 1.0},
    {2047.5, 2047.0, 0.501469684298057},
    {2047.5, 2049.0, 0.48384413737517246},
    {2047.5, 2300.0, 3.865184897812776e-08},
    {2047.5, 4000.0, 3.1071219257284674e-255},
    {1000000.0, 999000.0, 0.8413447864256963},
    {1000000.0, 1000000.0, 0.4998670192391274},
    {1000000.0, 1001000.0, 0.15865521363165971},
    {1000000.0, 1030000.0, 3.262430144876734e-194},
    {30000000.0, 29999000.0, 0.5724108478916409},
    {30000000.0, 30020000.0, 0.00013074625667523784},
};

double off(double value, double expected) { return std::fabs(value / expected - 1); }

}  // namespace

TEST("the incomplete gamma function is mpmath's, deep tails included") {
  for (const Tail& row : kTails) {
    CHECK(off(gamma_q(row.a, row.x), row.value) <= 2e-13);
  }
}

TEST("the tail is 1 at zero and below, 0 far out, NaN out of its bounds") {
  CHECK(gamma_q(2.5, 0.0) == 1 && gamma_q(2.5, -1.0) == 1 && gamma_q(2.5, 1e-300) == 1);
  CHECK(gamma_q(2.5, 1e4) == 0 && gamma_q(2.5, kInfinity) == 0 && gamma_q(0x1p53, 1.0) == 1);
  CHECK(std::isnan(gamma_q(2.5, kNan)) && std::isnan(gamma_q(kNan, 1.0)));
  CHECK(std::isnan(gamma_q(0.25, 1.0)) && std::isnan(gamma_q(0x1p54, 1.0)));
}

TEST("the tail falls with x") {
  for (const double a : {0.5, 1.0, 9.5, 50.0, 2047.5}) {
    double previous = 1;
    for (int i = 1; i <= 2000; ++i) {
      const double tail = gamma_q(a, a * i / 500);
      CHECK(tail <= previous * (1 + 1e-13));
      previous = tail;
    }
  }
}

TEST("Stirling's error between whole numbers: Gamma(n + 1/2) from its product") {
  constexpr double kHalfLogTwoPi = 0.9189385332046727;
  double log_gamma = 0.5723649429247001;  // of 1/2
  for (double a = 0.5; a < 40; ++a) {
    log_gamma += log_of(a);  // of a + 1
    const double stirling = (a + 0.5) * log_of(a) - a + kHalfLogTwoPi + gamma_stirling_error(a);
    CHECK(std::fabs(stirling - log_gamma) < 3e-14 * std::max(1.0, log_gamma));
  }
  CHECK(gamma_stirling_error(7.0) == stirling_error(7.0));
}

TEST("chi-square with two degrees of freedom is exponential, with none it is zero") {
  for (const double x : {0.1, 1.0, 3.0, 50.0, 1400.0}) {
    CHECK(off(chi_square_sf(x, 2), exp_of(-x / 2)) < 1e-13);
  }
  CHECK(chi_square_sf(0.0, 0) == 1 && chi_square_sf(1.0, 0) == 0);
}

TEST("the quantile inverts the tail") {
  for (const double dof : {1.0, 2.0, 3.0, 19.0, 100.0, 4095.0, 1e6}) {
    for (const double tail : {0.999999, 0.99, 0.5, 0.05, 0.01, 1e-6, 1e-30, 1e-200}) {
      const double x = chi_square_quantile(tail, dof);
      CHECK(off(chi_square_sf(x, dof), tail) < 1e-9);
    }
  }
  // mpmath: the 99 % points of 1 and 19 degrees of freedom.
  CHECK(off(chi_square_quantile(0.01, 1), 6.634896601021215) < 1e-12);
  CHECK(off(chi_square_quantile(0.01, 19), 36.190869129270055) < 1e-12);
  CHECK(chi_square_quantile(1.0, 5) == 0 && chi_square_quantile(0.0, 5) == kInfinity);
  CHECK(std::isnan(chi_square_quantile(kNan, 5)) && std::isnan(chi_square_quantile(0.1, kNan)));
}

TEST("the incomplete gamma function has the same bits on every machine") {
  Random random(5);
  Digest digest;
  for (int i = 0; i < 2000; ++i) {
    const double a = 0.5 * (1 + random.below(200));
    // Drawn one by one: in which order a call's arguments are evaluated is the compiler's choice.
    const double x = 3 * a * random.uniform();
    const double more = random.uniform();
    const double share = random.uniform();
    digest.add(gamma_q(a, x));
    digest.add(gamma_q(a + more, 3 * a * share));
    if (i % 20 == 0) digest.add(chi_square_quantile(share, 2 * a));
  }
  CHECK(digest.value() == 0xeca4909ebe7a92c3);
}

}  // namespace kedge

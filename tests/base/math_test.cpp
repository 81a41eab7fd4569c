#include "kedge/base/math.h"

#include <algorithm>
#include <initializer_list>
#include <limits>

#include "check.h"
#include "kedge/base/bits.h"
#include "kedge/base/hash.h"
#include "kedge/base/random.h"

namespace kedge {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kTiny = std::numeric_limits<double>::denorm_min();

struct Answer {
  double x;
  double value;
};

// How many doubles apart two numbers are.
double places(double a, double b) {
  const std::uint64_t left = ordered_bits(a);
  const std::uint64_t right = ordered_bits(b);
  return static_cast<double>(left > right ? left - right : right - left);
}

double worst_places(double (*function)(double) noexcept, std::initializer_list<Answer> answers) {
  double worst = 0;
  for (const Answer& answer : answers) {
    worst = std::max(worst, places(function(answer.x), answer.value));
  }
  return worst;
}

}  // namespace

// Answers: mpmath with mp.dps = 400, float(mp.exp(mpf(x))) and so on.
TEST("exp and the logarithms are the nearest double or its neighbour") {
  CHECK(worst_places(exp_of, {{-745.0, 5e-324},
                              {-708.5, 2.006132305331306e-308},
                              {-30.0, 9.357622968840175e-14},
                              {-0.5, 0.6065306597126334},
                              {1e-09, 1.000000001},
                              {0.3521048033973657, 1.4220575523718246},
                              {1.0, 2.718281828459045},
                              {50.25, 6.657293676747253e+21},
                              {709.5, 1.3549863193146328e+308}}) <= 1);
  CHECK(worst_places(log_of, {{5e-324, -744.4400719213812},
                              {1e-300, -690.7755278982137},
                              {0.25, -1.3862943611198906},
                              {0.7032555856948103, -0.35203488895646134},
                              {0.999, -0.0010005003335835344},
                              {1.0009765625, 0.0009760859730554589},
                              {3.0, 1.0986122886681098},
                              {1e10, 23.025850929940457},
                              {1.7e+308, 709.7268368932282}}) <= 1);
  CHECK(worst_places(log1p_of, {{-0.9999999, -16.118095651484676},
                                {-0.5, -0.6931471805599453},
                                {-0.293996, -0.3481343757825655},
                                {-1e-05, -1.0000050000333337e-05},
                                {1e-300, 1e-300},
                                {0.1, 0.09531017980432487},
                                {0.4143, 0.3466347090443171},
                                {2.5, 1.252762968495368},
                                {1e+17, 39.14394658089878}}) <= 1);
}

TEST("log1pmx does not cancel") {
  CHECK(worst_places(log1pmx, {{-0.1, -0.005360515657826302},
                               {-1e-08, -5.000000033333334e-17},
                               {1e-150, -5e-301},
                               {0.0001, -4.999666691664667e-09},
                               {0.3, -0.03763573553250894}}) <= 2);
  CHECK(worst_places(log1pmx, {{-0.99, -3.6151701859880907},
                               {-0.2984, -0.05599183792416377},
                               {0.5, -0.09453489189183562},
                               {12.0, -9.435050642538464},
                               {1e9, -999999979.2767341}}) <= 7);
}

TEST("special values come out as in C") {
  CHECK(exp_of(0.0) == 1 && exp_of(-0.0) == 1 && exp_of(-kInfinity) == 0);
  CHECK(exp_of(kInfinity) == kInfinity && exp_of(709.783) == kInfinity && exp_of(-745.2) == 0);
  CHECK(exp_of(709.782712893384) < kInfinity && exp_of(-745.13) == kTiny);
  CHECK(log_of(1.0) == 0 && log_of(0.0) == -kInfinity && log_of(-0.0) == -kInfinity);
  CHECK(log_of(kInfinity) == kInfinity && std::isnan(log_of(-kTiny)));
  CHECK(log1p_of(-1.0) == -kInfinity && log1p_of(kInfinity) == kInfinity);
  CHECK(std::isnan(log1p_of(-1.5)) && std::signbit(log1p_of(-0.0)) && log1p_of(kTiny) == kTiny);
  CHECK(log1pmx(0.0) == 0 && log1pmx(-1.0) == -kInfinity && log1pmx(kInfinity) == -kInfinity);
  CHECK(std::isnan(exp_of(kNan)) && std::isnan(log_of(kNan)));
  CHECK(std::isnan(log1p_of(kNan)) && std::isnan(log1pmx(kNan)));
}

TEST("Stirling's formula with its error gives the factorial") {
  constexpr double kHalfLogTwoPi = 0.9189385332046727;
  double log_factorial = 0;
  for (double n = 1; n <= 60; ++n) {
    log_factorial += log_of(n);
    const double stirling = (n + 0.5) * log_of(n) - n + kHalfLogTwoPi + stirling_error(n);
    CHECK(std::fabs(stirling - log_factorial) < 1e-12);
  }
  CHECK(std::fabs(stirling_error(1e12) * 12e12 - 1) < 1e-15);
}

TEST("the bits are the same on every machine") {
  Random random(1);
  Digest digest;
  for (int i = 0; i < 20000; ++i) {
    const double x = random.uniform();
    digest.add(exp_of(1500 * (x - 0.5)));
    digest.add(log_of(x));
    digest.add(log1p_of(3 * x - 1));
    digest.add(log1pmx(3 * x - 1));
  }
  CHECK(digest.value() == 0xb54ac7eb3d893682);
}

}  // namespace kedge

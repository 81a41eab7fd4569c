#include "kedge/base/gamma.h"

#include <cmath>
#include <limits>

#include "kedge/base/math.h"

namespace kedge {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kTwoPi = 6.283185307179586;
constexpr double kLargestShape = 0x1p53;
constexpr double kNegligible = 1e-17;  // below the rounding of a sum, and of a product of ratios

// x^a e^-x / Gamma(a + 1). In Loader's saddle-point form the power and the factorial meet in
// logarithms of the size of the result.
double gamma_term(double a, double x) noexcept {
  // Far below a the ratio is what counts, and x - a has lost it.
  const double exponent = x < a / 2 ? log_of(x / a) - (x - a) / a : log1pmx((x - a) / a);
  return exp_of(a * exponent - gamma_stirling_error(a)) / std::sqrt(kTwoPi * a);
}

// gamma(a, x) / (x^a e^-x / a) = 1 + x/(a+1) + x^2/((a+1)(a+2)) + ...: all positive.
double lower_series(double a, double x) noexcept {
  double sum = 1;
  double term = 1;
  for (double n = a + 1; term > kNegligible * sum; ++n) {
    term *= x / n;
    sum += term;
  }
  return sum;
}

// Gamma(a, x) / (x^a e^-x) as Legendre's continued fraction 1/(x+1-a- 1(1-a)/(x+3-a- ...)), by
// Lentz's method. No denominator vanishes for x >= a + 1.
double upper_fraction(double a, double x) noexcept {
  constexpr double kConverged = 1e-16;
  double b = x + 1 - a;
  double c = kInfinity;
  double d = 1 / b;
  double value = d;
  for (double n = 1;; ++n) {
    const double numerator = n * (a - n);
    b += 2;
    d = 1 / (b + numerator * d);
    c = b + numerator / c;
    const double change = c * d;
    value *= change;
    if (std::fabs(change - 1) <= kConverged) return value;
  }
}

}  // namespace

double gamma_stirling_error(double a) noexcept {
  constexpr double kSeriesFrom = 16;
  if (a > kSeriesFrom || a == std::floor(a)) return stirling_error(a);
  // error(a) - error(a + 1) = (a + 1/2) log(1 + 1/a) - 1
  double sum = 0;
  for (; a <= kSeriesFrom; ++a) sum += (a + 0.5) * log1pmx(1 / a) + 0.5 / a;
  return sum + stirling_error(a);
}

double gamma_q(double a, double x) noexcept {
  if (x != x || !(a >= 0.5 && a <= kLargestShape)) return kNan;
  if (x <= 0) return 1;
  const double term = gamma_term(a, x);
  if (term == 0) return x < a ? 1 : 0;
  if (x < a + 1) return 1 - term * lower_series(a, x);
  return a * term * upper_fraction(a, x);
}

double chi_square_sf(double x, double dof) noexcept {
  if (x == x && dof == 0) return x <= 0 ? 1 : 0;
  return gamma_q(dof / 2, x / 2);
}

// Newton's method on the logarithm of the tail, which is close to a line; a step that leaves the
// bracket is replaced by its middle.
double chi_square_quantile(double tail, double dof) noexcept {
  if (tail != tail || dof != dof) return kNan;
  if (tail >= 1) return 0;
  if (tail <= 0) return kInfinity;
  constexpr int kMostSteps = 200;  // a bisection alone is done in fewer
  const double a = dof / 2;
  const double wanted = log_of(tail);
  double low = 0;
  double high = a + 1;
  while (gamma_q(a, high) > tail) {
    low = high;
    high *= 2;
  }
  double x = low > 0 ? (low + high) / 2 : a;
  for (int i = 0; i < kMostSteps; ++i) {
    const double value = gamma_q(a, x);
    (value > tail ? low : high) = x;
    const double density = a / x * gamma_term(a, x);
    double next = x + (log_of(value) - wanted) * value / density;
    if (!(next > low && next < high)) next = (low + high) / 2;
    const bool done = std::fabs(next - x) <= 1e-15 * x || !(next > low && next < high);
    x = next;
    if (done) break;
  }
  return 2 * x;
}

}  // namespace kedge

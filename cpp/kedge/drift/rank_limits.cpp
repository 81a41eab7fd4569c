// Smirnov's formula for sums of Z_j^2 / u_j with rising u_j ("On the distribution of the omega^2
// criterion", 1937): the tail at x is the alternating sum over k of
//     1/pi integral of exp(-x u / 2) / (u sqrt(|D(u)|)) du from u_(2k-1) to u_2k,
// D being the product of 1 - u / u_j. All terms but the first die out in the far tail, so nothing
// cancels there, where the usual series for the distribution function leaves nothing to take
// from 1.
#include "kedge/drift/rank_limits.h"

#include <array>
#include <cmath>
#include <cstddef>

#include "kedge/base/math.h"

namespace kedge {
namespace {

constexpr double kPi = 3.141592653589793;

// 1/3!, 1/5!, ... 1/23! with their signs: the next term is below 1e-17 of the sum up to pi/2.
constexpr auto kSineSeries = [] {
  std::array<double, 11> series{};
  double term = 1;
  for (std::size_t i = 0; i < series.size(); ++i) {
    const auto n = static_cast<double>(2 * i + 3);
    term /= -(n * (n - 1));
    series[i] = term;
  }
  return series;
}();

// From 0 to pi/2.
double sine(double x) noexcept {
  const double square = x * x;
  double sum = 0;
  for (std::size_t i = kSineSeries.size(); i-- > 0;) sum = (sum + kSineSeries[i]) * square;
  return x + x * sum;
}

// In both cases u = pi^2 v^2 or v^2 - 1/4, the zeros of D lie one apart in v, and with s the place
// between two of them the integrand is exp(-x u / 2) over the root of sin(pi s), times something
// smooth. Gauss and Chebyshev's rule takes in the root's poles at both ends.
struct AndersonDarling {
  static constexpr double kFirst = 1.5;  // v at u_1
  static double u(double v) noexcept { return v * v - 0.25; }
  // 1 / (u sqrt(|D|)) du/dv / pi, without the sine
  static double weight(double v) noexcept { return 2 * v / std::sqrt(kPi * u(v)); }
};
struct CramerVonMises {
  static constexpr double kFirst = 1;
  static double u(double v) noexcept { return kPi * kPi * v * v; }
  static double weight(double v) noexcept { return 2 / std::sqrt(kPi * v); }
};

// One integral, from v = `from` to from + 1.
template <class Law>
double between_zeros(double x, double from) noexcept {
  // The exponent spans 2c, and exp(-c t) on [-1, 1] has Chebyshev coefficients that fall as
  // exp(-k^2 / 2c) from k = sqrt(c) on; those of the smooth rest fall as 5.8^-k. The rule is exact
  // up to k = 4 * pairs.
  const double c = x * (Law::u(from + 1) - Law::u(from)) / 4;
  const double pairs = 6 + std::floor(std::sqrt(6 * c));
  double sum = 0;
  for (double i = 0.5; i < pairs; ++i) {
    const double half = sine(i / pairs * (kPi / 4));
    const double low = half * half;  // s from 0 to 1/2, and 1 - s is the other of the pair
    const double high = 1 - low;
    const double lower = from + low;
    const double upper = from + high;
    sum += std::sqrt(low * high / sine(kPi * low)) *
           (Law::weight(lower) * exp_of(-x / 2 * Law::u(lower)) +
            Law::weight(upper) * exp_of(-x / 2 * Law::u(upper)));
  }
  return sum * kPi / (2 * pairs);
}

template <class Law>
double tail(double x, double one_up_to) noexcept {
  constexpr double kNegligible = 1e-18;
  constexpr double kUnderflow = 1500;  // exp(-750) is zero
  if (x != x) return x;
  if (x <= one_up_to) return 1;
  if (x * Law::u(Law::kFirst) > kUnderflow) return 0;
  double sum = 0;
  double sign = 1;
  for (double from = Law::kFirst;; from += 2) {
    const double part = between_zeros<Law>(x, from);
    sum += sign * part;
    sign = -sign;
    if (part <= kNegligible * sum) break;
  }
  return sum < 1 ? sum : 1;
}

}  // namespace

// Below these the rest is exp(-pi^2 / 8x) and exp(-1 / 8x), to a factor: 1e-17.
double anderson_darling_sf(double x) noexcept { return tail<AndersonDarling>(x, 0.03); }
double cramer_von_mises_sf(double x) noexcept { return tail<CramerVonMises>(x, 0.003); }

}  // namespace kedge

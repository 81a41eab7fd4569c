#include "kedge/base/math.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace kedge {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// log 2 in two parts. The high one has 32 bits, so that its product with an exponent is exact.
constexpr double kLog2High = 0x1.62e42feep-1;
constexpr double kLog2Low = 0x1.a39ef35793c76p-33;
constexpr double kLog2E = 0x1.71547652b82fep+0;

// The logarithm is a series on [sqrt(1/2), sqrt(2)); these are its ends less one, rounded inwards.
constexpr double kSqrtHalf = 0x1.6a09e667f3bcdp-1;
constexpr double kNearLow = -0.2928;
constexpr double kNearHigh = 0.4142;

// 1/2!, 1/3!, ... 1/13!: the next term is below 5e-18 for |r| <= log(2) / 2.
constexpr auto kExpSeries = [] {
  std::array<double, 12> series{};
  double factorial = 1;  // exact up to 13!
  for (std::size_t i = 0; i < series.size(); ++i) {
    factorial *= static_cast<double>(i + 2);
    series[i] = 1 / factorial;
  }
  return series;
}();

// 2/3, 2/5, ... 2/23, from log(1 + f) = 2 atanh(s) with s = f / (2 + f), |s| <= 0.172: the next
// term is below 2e-19 of the first.
constexpr auto kLogSeries = [] {
  std::array<double, 11> series{};
  for (std::size_t i = 0; i < series.size(); ++i) series[i] = 2.0 / static_cast<double>(2 * i + 3);
  return series;
}();

template <std::size_t kTerms>
double horner(const std::array<double, kTerms>& series, double x) noexcept {
  double sum = series[kTerms - 1];
  for (std::size_t i = kTerms - 1; i-- > 0;) sum = sum * x + series[i];
  return sum;
}

double power_of_two(std::int64_t exponent) noexcept {
  return std::bit_cast<double>(static_cast<std::uint64_t>(exponent + 1023) << 52);
}

// f - log(1 + f) for f of the series' range: f*f/2 plus smaller terms, nothing of size f.
double log_defect(double f) noexcept {
  const double s = f / (2 + f);
  const double square = s * s;
  const double half = 0.5 * f * f;
  return half - s * (half + square * horner(kLogSeries, square));
}

// x = 2^exponent * (1 + fraction), with 1 + fraction in [sqrt(1/2), sqrt(2)).
struct Split {
  double exponent;
  double fraction;
};

Split split(double x) noexcept {  // positive, finite
  constexpr double kMinNormal = std::numeric_limits<double>::min();
  const bool denormal = x < kMinNormal;
  const auto bits = std::bit_cast<std::uint64_t>(denormal ? x * 0x1p54 : x);
  const auto above = static_cast<std::int64_t>(bits - std::bit_cast<std::uint64_t>(kSqrtHalf));
  const std::int64_t exponent = above >> 52;
  const double mantissa =
      std::bit_cast<double>(bits - (static_cast<std::uint64_t>(exponent) << 52));
  return {static_cast<double>(denormal ? exponent - 54 : exponent), mantissa - 1};
}

// log(x) + rest / x, for a rest below the last place of x.
double log_with_rest(double x, double rest) noexcept {
  const auto [exponent, f] = split(x);
  const double low = exponent * kLog2Low + rest / x;
  return exponent * kLog2High + (f - (log_defect(f) - low));
}

// stirling_error(1 .. 15), from mpmath: log(factorial(n)) - (n*log(n) - n + log(2*pi*n)/2).
constexpr std::array<double, 15> kStirlingErrors = {
    0.08106146679532726,  0.0413406959554093,    0.02767792568499834,  0.020790672103765093,
    0.016644691189821193, 0.013876128823070748,  0.01189670994589177,  0.010411265261972096,
    0.009255462182712733, 0.00833056343336287,   0.007573675487951841, 0.00694284010720953,
    0.006408994188004207, 0.0059513701127588475, 0.005554733551962801,
};

}  // namespace

double exp_of(double x) noexcept {
  if (x != x) return x;
  if (x > 709.782712893384) return kInfinity;  // log(2^1024)
  if (x < -745.1332191019412) return 0;        // log(2^-1075): rounds to zero
  const double k = std::floor(x * kLog2E + 0.5);
  const double high = x - k * kLog2High;
  const double low = k * kLog2Low;
  const double r = high - low;
  const double lost = (high - r) - low;
  const double value = 1 + (r + (r * r * horner(kExpSeries, r) + lost));
  // In two steps, since 2^1024 and 2^-1023 are no normal doubles; only the second can round.
  const auto exponent = static_cast<std::int64_t>(k);
  const std::int64_t first = exponent / 2;
  return value * power_of_two(first) * power_of_two(exponent - first);
}

double log_of(double x) noexcept {
  if (x != x || x == kInfinity) return x;
  if (x <= 0) return x == 0 ? -kInfinity : kNan;
  return log_with_rest(x, 0);
}

double log1p_of(double x) noexcept {
  if (x != x || x == kInfinity) return x;
  if (x <= -1) return x == -1 ? -kInfinity : kNan;
  if (x > kNearLow && x < kNearHigh) return x - log_defect(x);
  const double sum = 1 + x;
  const double rest = x >= 1 ? 1 - (sum - x) : x - (sum - 1);
  return log_with_rest(sum, rest);
}

double log1pmx(double x) noexcept {
  if (x == kInfinity) return -kInfinity;
  if (x > kNearLow && x < kNearHigh) return -log_defect(x);
  return log1p_of(x) - x;
}

double stirling_error(double n) noexcept {
  if (n <= 15) return kStirlingErrors[static_cast<std::size_t>(n) - 1];
  // B(2i) / (2i (2i - 1)) with Bernoulli's numbers, i = 1 ... 6; the seventh is 3e-17 at n = 16.
  const double square = 1 / (n * n);
  double sum = -691.0 / 360360;
  sum = sum * square + 1.0 / 1188;
  sum = sum * square - 1.0 / 1680;
  sum = sum * square + 1.0 / 1260;
  sum = sum * square - 1.0 / 360;
  return (sum * square + 1.0 / 12) / n;
}

}  // namespace kedge

// Numbers of two doubles, about 106 bits: for sums and differences that must not lose what one
// double cannot hold. Every operation is made of correctly rounded ones, so its bits are the same
// everywhere. After an overflow `high` is what a double would be, and `low` means nothing.
#pragma once

#include <cmath>

namespace kedge {

struct Twofold {
  double high = 0;
  double low = 0;  // less than half of the last place of `high`, when normal

  double value() const noexcept { return std::isfinite(high) ? high + low : high; }
};

// The exact sum and product of two doubles.
inline Twofold exact_sum(double a, double b) noexcept {
  const double sum = a + b;
  const double added = sum - a;
  return {sum, (a - (sum - added)) + (b - added)};
}
inline Twofold exact_product(double a, double b) noexcept {
  const double product = a * b;
  return {product, std::fma(a, b, -product)};
}
inline Twofold normal(double high, double low) noexcept {
  const double sum = high + low;
  return {sum, low - (sum - high)};
}

inline Twofold operator+(Twofold a, Twofold b) noexcept {
  const Twofold sum = exact_sum(a.high, b.high);
  return normal(sum.high, sum.low + (a.low + b.low));
}
inline Twofold operator-(Twofold a) noexcept { return {-a.high, -a.low}; }
inline Twofold operator-(Twofold a, Twofold b) noexcept { return a + -b; }
inline Twofold operator*(Twofold a, Twofold b) noexcept {
  const Twofold product = exact_product(a.high, b.high);
  return normal(product.high, product.low + (a.high * b.low + a.low * b.high));
}
inline Twofold operator*(Twofold a, double b) noexcept { return a * Twofold{b, 0}; }
inline Twofold operator/(Twofold a, double b) noexcept {
  const double quotient = a.high / b;
  const Twofold rest = a - exact_product(quotient, b);
  return normal(quotient, rest.value() / b);
}

}  // namespace kedge

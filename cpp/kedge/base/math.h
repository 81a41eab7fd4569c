// Elementary functions with the same bits on every machine: only +, -, *, / and sqrt, each rounded
// once as IEEE 754 says. libm is not used because glibc's and musl's last bits differ.
//
// NaN gives NaN, infinities and zeros behave as in C. Errors are the largest seen against
// values of 64 and more bits, over a million points each (log1pmx: 30 000 a range), in units in the
// last place. Pure, lock-free, no allocation.
#pragma once

#include <bit>
#include <cstdint>

namespace kedge {

// e^x, 0.84 ulp. Overflows to infinity above 709.78, is denormal below -708.4, zero below -745.13.
double exp_of(double x) noexcept;

// The natural logarithm, 0.89 ulp. -infinity at both zeros, NaN below.
double log_of(double x) noexcept;

// log(1 + x) without forming 1 + x, 0.89 ulp. -infinity at -1, NaN below.
double log1p_of(double x) noexcept;

// log(1 + x) - x, which is about -x*x/2 near zero: no cancellation there. 1.9 ulp for x between
// -0.29 and 0.41, 7 ulp elsewhere.
double log1pmx(double x) noexcept;

// log(n!) minus Stirling's n log n - n + log(2 pi n) / 2, for a whole number n >= 1: about
// 1 / (12 n). Error below 1e-17 (absolute): it is meant to be added to larger logarithms.
double stirling_error(double n) noexcept;

// x * y + z rounded once, as a fused multiply-add does it, on machines that have none as well.
inline float fma_of(float x, float y, float z) noexcept {
#if defined(__FP_FAST_FMAF)
  return __builtin_fmaf(x, y, z);
#else
  // The product is exact. The sum is rounded to odd, so that the second rounding does no harm.
  const double product = double{x} * y;
  const double sum = product + z;
  const double part = sum - product;
  const double lost = (product - (sum - part)) + (z - part);
  auto bits = std::bit_cast<std::uint64_t>(sum);
  if ((lost > 0 || lost < 0) && (bits & 1) == 0) bits += (lost > 0) == (sum > 0) ? 1 : -1;
  return static_cast<float>(std::bit_cast<double>(bits));
#endif
}

}  // namespace kedge

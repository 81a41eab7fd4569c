// The incomplete gamma function and what tests take from it: tails and quantiles of chi-square.
//
// Same bits on every machine, as base/math.h. Pure, lock-free, no allocation. NaN gives NaN.
#pragma once

namespace kedge {

// log Gamma(a + 1) minus Stirling's a log a - a + log(2 pi a) / 2 for any a >= 1/2; equal to
// stirling_error for whole numbers. Error below 3e-16 (absolute).
double gamma_stirling_error(double a) noexcept;

// Gamma(a, x) / Gamma(a), the regularized upper incomplete gamma function, for 1/2 <= a <= 2^53: to
// 2e-13 of its value for a up to 3e7 (9e-14 for a up to 2000), deep tails down to the normal
// range's end included. 1 for x <= 0, NaN for an `a` out of its bounds. O(sqrt(a)) near x = a: 2 us
// at a = 2000, 0.2 ms at a = 3e7.
double gamma_q(double a, double x) noexcept;

// P(X >= x) for a chi-square X: gamma_q(dof / 2, x / 2). No freedom: 1 for x <= 0, else 0.
double chi_square_sf(double x, double dof) noexcept;

// The x with chi_square_sf(x, dof) = tail, to 1e-12 of its value, for 0 < tail < 1 and dof >= 1.
// 0 for tail >= 1, infinity for tail <= 0. About eight times the cost of chi_square_sf.
double chi_square_quantile(double tail, double dof) noexcept;

}  // namespace kedge

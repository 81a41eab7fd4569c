// How far a sum of centred values may ever be from 0: the normal mixture's bound, for values whose
// spread is known beforehand (Robbins 1970; Howard, Ramdas, McAuliffe and Sekhon, "Time-uniform,
// nonparametric, nonasymptotic confidence sequences", Annals of Statistics 49, 2021).
//
// Wider than BernsteinInterval where the values vary less than their bounds allow. No state but a
// sum and a variance, both of which add, so it merges.
#pragma once

namespace kedge {

// With probability 1 - alpha |sum| never exceeds this, for all variances at once. The sum is
// sub-Gaussian with that variance process: n (high - low)^2 / 4 for n values between bounds. `rho`
// > 0 says where the bound is narrow.
double mixture_bound(double variance, double rho, double alpha) noexcept;

// The rho whose bound is about the narrowest when the variance is `variance`.
double mixture_rho(double variance, double alpha) noexcept;

}  // namespace kedge

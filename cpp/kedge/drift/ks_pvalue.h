// The two-sided p-value of the two-sample Kolmogorov-Smirnov test, as scipy.stats.ks_2samp has it.
#pragma once

#include <cstdint>

namespace kedge {

// Up to this size of the larger sample the p-value is exact, as in scipy's method="auto".
inline constexpr std::int64_t kKsExactSize = 10000;

// The probability that two samples of n and m values from one continuous distribution lie at least
// `d` apart; NaN for NaN. Exact sizes: to 1e-12 of its value, in a time that grows with n * m * d
// (1 ms for 10 000 and 9 999 values at d = 0.02, 25 ms at most; microseconds for equal sizes).
// Larger ones: kolmogorov_sf of d and n m / (n + m), rounded half to even.
//
// Where scipy's alternating sum for equal sizes rounds to more than 1 it warns and falls back to
// the asymptotic formula (n = 7, d = 1/7: 0.99996); the answer here is 1. Throws InvalidArgument
// unless both sizes are 1 to 2^53.
double ks_two_sample_pvalue(std::int64_t n, std::int64_t m, double d);

}  // namespace kedge

// The exact distribution of Kolmogorov's statistic: the largest distance between the distribution
// function of n independent draws and the continuous one that they are drawn from.
#pragma once

#include <cstdint>

namespace kedge {

// P(D_n >= d) as scipy.stats.kstwo.sf(d, n) has it, to 1e-9 of its value down to the normal range's
// end and with the same bits on every machine. 1 up to d = 1/(2n), 0 from d = 1 on, NaN for NaN.
// Throws InvalidArgument unless 1 <= n <= 2^53.
//
// Above n = 1 000 000 scipy's upper tail is a cruder formula (off by 1e-9 to 1e-2 of the value; NaN
// from 2^31 on). Here it stays Smirnov's sum, within 2e-13.
//
// The formula changes with n * d * d, in scipy as here, and the value steps there: by up to 3e-6
// upwards at n*d^1.5 = 1.4 and 2e-5 of itself at n*d*d = 2.2, both at n = 141 and fading with n.
// Elsewhere it falls with d. Costs up to 40 us where the tail is below 2 %, 0.2 us to 0.35 ms
// (n = 10 000, tail above 0.999999) elsewhere.
double kolmogorov_sf(std::int64_t n, double d);

}  // namespace kedge

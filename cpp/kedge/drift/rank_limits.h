// The upper tails of two limiting distributions: of Anderson and Darling's A^2, the sum of
// Z_j^2 / (j (j + 1)) over independent normal Z_j, and of Cramer and von Mises's W^2, the sum of
// Z_j^2 / (j pi)^2. The statistics of one sample and of two share them.
//
// To 1e-12 of the tail's value down to the normal range's end (A^2 near 707, W^2 near 143), and to
// 1e-14 absolutely near 1; positive, and falling with x up to that rounding. 1 for small x, where
// the rest is below 1e-17, and NaN for NaN. 5 to 10 us from the median on, 30 us for the smallest
// x. Pure, no allocation.
#pragma once

namespace kedge {

double anderson_darling_sf(double x) noexcept;
double cramer_von_mises_sf(double x) noexcept;

}  // namespace kedge

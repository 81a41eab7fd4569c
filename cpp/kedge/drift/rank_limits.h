// The upper tails of two limiting distributions: of Anderson and Darling's A^2, the sum of
// Z_j^2 / (j (j + 1)) over independent normal Z_j, and of Cramer and von Mises's W^2, the sum of
// Z_j^2 / (j pi)^2. The statistics of one sample and of two share them.
//
// To 1e-13 of the tail's value down to the normal range's end (A^2 near 700, W^2 near 142), and to
// 1e-15 near 1; positive there, and falling with x up to that rounding. 0 beyond, 1 for small x,
// where the rest is below 1e-17, NaN for NaN. 2 to 5 us from the median on, 12 us for the smallest
// x. Pure, no allocation.
#pragma once

namespace kedge {

double anderson_darling_sf(double x) noexcept;
double cramer_von_mises_sf(double x) noexcept;

}  // namespace kedge

// Sums of numbers that are kept as their logarithms, so that evidence of any size can be added.
#pragma once

#include "kedge/base/math.h"

namespace kedge {

// From here on adding e^-x to 1 changes no double.
inline constexpr double kLogNegligible = 40;

// log(e^a + e^b). Minus infinity stands for 0; neither is NaN or plus infinity.
inline double log_add(double a, double b) noexcept {
  const double larger = a < b ? b : a;
  const double smaller = a < b ? a : b;
  if (!(larger - smaller < kLogNegligible)) return larger;  // both 0 give NaN, and 0
  return larger + log1p_of(exp_of(smaller - larger));
}

}  // namespace kedge

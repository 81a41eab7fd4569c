// An activation over numbers side by side, in place if wanted. Of floats the answer is computed in
// double, by the same operations for each number, and rounded once: the same bits from every
// variant, within half a unit in the last place and a little.
#pragma once

#include <cstddef>

#include "kedge/model/graph.h"

namespace kedge {

void activate(Activation activation, double alpha, const float* in, float* out,
              std::size_t count) noexcept;
void activate(Activation activation, double alpha, const double* in, double* out,
              std::size_t count) noexcept;

// The derivative at x; where there are two, that of larger numbers.
double activation_slope(Activation activation, double alpha, double x) noexcept;

}  // namespace kedge

// Gauss-Legendre quadrature: the integral of a polynomial as a sum over a few places.
#pragma once

#include <cstddef>
#include <vector>

namespace kedge {

// sum over i of weight[i] * f(at[i]) is the integral of f from 0 to 1, exactly but for rounding,
// for every polynomial of a degree below 2 * points. Places fall; all weights are positive.
struct Quadrature {
  std::vector<double> at;
  std::vector<double> weight;
};

// The same bits on every machine. O(points^2).
Quadrature gauss_legendre(std::size_t points);

}  // namespace kedge

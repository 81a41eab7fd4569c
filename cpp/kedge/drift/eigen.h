// Eigenvalues and eigenvectors of a symmetric matrix by cyclic Jacobi rotations: no pivoting that
// depends on rounding, so the same matrix gives the same bits everywhere.
#pragma once

#include <cstddef>
#include <vector>

namespace kedge {

struct Eigen {
  std::vector<double> values;                // falling
  std::vector<std::vector<double>> vectors;  // of length 1, one for each value
};

// `rows` is symmetric and finite. O(n^3) a sweep, some ten sweeps: 20 columns take 0.1 ms.
Eigen eigen_of(std::vector<std::vector<double>> rows);

}  // namespace kedge

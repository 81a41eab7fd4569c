#include "kedge/drift/eigen.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace kedge {
namespace {

using Matrix = std::vector<std::vector<double>>;

constexpr int kMostSweeps = 60;  // the convergence is quadratic: ten are enough in practice

struct Rotation {
  double cosine;
  double sine;
};

// The smaller of the two angles that make the element at (p, q) zero.
Rotation rotation_of(double pp, double qq, double pq) noexcept {
  const double theta = (qq - pp) / (2 * pq);
  const double tangent =
      (theta < 0 ? -1.0 : 1.0) / (std::fabs(theta) + std::sqrt(theta * theta + 1));
  const double cosine = 1 / std::sqrt(tangent * tangent + 1);
  return {cosine, tangent * cosine};
}

void rotate(std::vector<double>& p, std::vector<double>& q, Rotation by) noexcept {
  for (std::size_t i = 0; i < p.size(); ++i) {
    const double a = p[i];
    const double b = q[i];
    p[i] = by.cosine * a - by.sine * b;
    q[i] = by.sine * a + by.cosine * b;
  }
}

void rotate_columns(Matrix& rows, std::size_t p, std::size_t q, Rotation by) noexcept {
  for (std::vector<double>& row : rows) {
    const double a = row[p];
    const double b = row[q];
    row[p] = by.cosine * a - by.sine * b;
    row[q] = by.sine * a + by.cosine * b;
  }
}

// Whether any element was worth a rotation.
bool sweep(Matrix& rows, Matrix& vectors) noexcept {
  constexpr double kNegligible = 0x1p-52;
  bool rotated = false;
  for (std::size_t p = 0; p < rows.size(); ++p) {
    for (std::size_t q = p + 1; q < rows.size(); ++q) {
      const double scale = std::sqrt(std::fabs(rows[p][p])) * std::sqrt(std::fabs(rows[q][q]));
      if (std::fabs(rows[p][q]) <= kNegligible * scale || rows[p][q] == 0) continue;
      const Rotation by = rotation_of(rows[p][p], rows[q][q], rows[p][q]);
      rotate(rows[p], rows[q], by);
      rotate_columns(rows, p, q, by);
      rows[p][q] = rows[q][p] = 0;
      rotate(vectors[p], vectors[q], by);
      rotated = true;
    }
  }
  return rotated;
}

}  // namespace

Eigen eigen_of(std::vector<std::vector<double>> rows) {
  const std::size_t n = rows.size();
  Matrix vectors(n, std::vector<double>(n));
  for (std::size_t i = 0; i < n; ++i) vectors[i][i] = 1;
  for (int i = 0; i < kMostSweeps && sweep(rows, vectors); ++i) {
  }
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return rows[a][a] > rows[b][b]; });
  Eigen eigen;
  for (const std::size_t i : order) {
    eigen.values.push_back(rows[i][i]);
    eigen.vectors.push_back(std::move(vectors[i]));
  }
  return eigen;
}

}  // namespace kedge

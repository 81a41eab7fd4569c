#include "kedge/base/quadrature.h"

namespace kedge {
namespace {

constexpr double kHalfPi = 1.5707963267948966;

// To seven digits, for angles up to half a right angle's double: where Newton's method starts.
double rough_cosine(double angle) {
  const double square = angle * angle;
  double sum = 1;
  for (int i = 14; i >= 2; i -= 2) sum = 1 - square / (i * (i - 1)) * sum;
  return sum;
}

struct Legendre {
  double value;
  double slope;
};

Legendre legendre(std::size_t degree, double x) {
  double before = 1;
  double value = x;
  for (std::size_t j = 1; j < degree; ++j) {
    const auto n = static_cast<double>(j);
    const double next = ((2 * n + 1) * x * value - n * before) / (n + 1);
    before = value;
    value = next;
  }
  return {value, static_cast<double>(degree) * (x * value - before) / (x * x - 1)};
}

}  // namespace

Quadrature gauss_legendre(std::size_t points) {
  constexpr int kSteps = 6;  // from a start that is off by less than 1 / points^2: 2^-6, 2^-12, ..
  Quadrature rule{std::vector<double>(points), std::vector<double>(points)};
  const auto count = static_cast<double>(points);
  for (std::size_t i = 0; i < (points + 1) / 2; ++i) {
    // The i-th largest root lies near the cosine of this angle.
    const double angle = kHalfPi * (4 * static_cast<double>(i) + 3) / (2 * count + 1);
    double x = rough_cosine(angle);
    if (2 * i + 1 == points) x = 0;
    for (int step = 0; step < kSteps; ++step) {
      const Legendre at = legendre(points, x);
      x -= at.value / at.slope;
    }
    const double slope = legendre(points, x).slope;
    const double weight = 1 / ((1 - x * x) * slope * slope);  // half of that from -1 to 1
    rule.at[i] = (1 + x) / 2;
    rule.at[points - 1 - i] = (1 - x) / 2;
    rule.weight[i] = rule.weight[points - 1 - i] = weight;
  }
  return rule;
}

}  // namespace kedge

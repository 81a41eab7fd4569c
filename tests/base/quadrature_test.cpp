#include "kedge/base/quadrature.h"

#include <cmath>

#include "check.h"

namespace kedge {
namespace {

double integral_of_power(const Quadrature& rule, std::size_t power) {
  double sum = 0;
  for (std::size_t i = 0; i < rule.at.size(); ++i) {
    double value = rule.weight[i];
    for (std::size_t j = 0; j < power; ++j) value *= rule.at[i];
    sum += value;
  }
  return sum;
}

}  // namespace

TEST("a rule of n points integrates every power below 2 n, and not the next one") {
  for (const std::size_t points : {1, 2, 3, 4, 5, 8, 9, 16, 32, 64, 128, 512}) {
    const Quadrature rule = gauss_legendre(points);
    CHECK(rule.at.size() == points && rule.weight.size() == points);
    for (std::size_t power = 0; power < 2 * points; ++power) {
      const double wanted = 1.0 / (static_cast<double>(power) + 1);
      CHECK(std::fabs(integral_of_power(rule, power) - wanted) < 1e-14);
    }
    if (points > 8) continue;
    const double next = 1.0 / (2 * static_cast<double>(points) + 1);
    CHECK(std::fabs(integral_of_power(rule, 2 * points) - next) > 1e-11);
  }
}

TEST("places fall between 1 and 0, and weights are positive") {
  for (std::size_t points = 1; points <= 128; ++points) {
    const Quadrature rule = gauss_legendre(points);
    double before = 1;
    for (std::size_t i = 0; i < points; ++i) {
      CHECK(rule.at[i] < before && rule.at[i] > 0 && rule.weight[i] > 0);
      before = rule.at[i];
    }
  }
}

}  // namespace kedge

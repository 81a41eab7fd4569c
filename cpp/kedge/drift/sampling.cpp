#include "kedge/drift/sampling.h"

#include <algorithm>
#include <cmath>

#include "kedge/base/math.h"

namespace kedge {

Known widened(double lower, double upper, double error) noexcept {
  return {std::max(0.0, lower - error), std::min(1.0, upper + error)};
}

double share_error(std::uint64_t rows, double alpha) noexcept {
  return std::sqrt(log_of(2 / alpha) / (2 * static_cast<double>(rows)));
}

double total_variation_error(std::uint64_t rows, double roots, double alpha) noexcept {
  const auto n = static_cast<double>(rows);
  const double chance = log_of(2 / alpha);
  const double average = roots / 2 + 2 * chance + std::sqrt(chance * roots);
  return 2 * average / n + std::sqrt(chance / (2 * n));
}

double unseen_share(std::uint64_t rows, std::uint64_t singles, double alpha) noexcept {
  const auto n = static_cast<double>(rows);
  constexpr double kDeviations = 2.4142135623730951;  // sqrt(2) of the estimate, 1 of the share
  return static_cast<double>(singles) / n + kDeviations * std::sqrt(log_of(2 / alpha) / n) + 1 / n;
}

double outside_share(std::uint64_t rows, double alpha) noexcept {
  return (2 * log_of(1 / alpha) + 2) / static_cast<double>(rows);
}

double one_sided_error(std::uint64_t rows, double alpha) noexcept {
  return std::sqrt(log_of(1 / alpha) / (2 * static_cast<double>(rows)));
}

}  // namespace kedge

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

double total_variation_error(std::uint64_t rows, std::uint64_t bins, double alpha) noexcept {
  const auto n = static_cast<double>(rows);
  return std::sqrt((static_cast<double>(bins) - 1) / n) / 2 +
         std::sqrt(log_of(1 / alpha) / (2 * n));
}

}  // namespace kedge

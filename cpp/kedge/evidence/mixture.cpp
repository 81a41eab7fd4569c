#include "kedge/evidence/mixture.h"

#include <cmath>

#include "kedge/base/math.h"

namespace kedge {

double mixture_bound(double variance, double rho, double alpha) noexcept {
  const double both = variance + rho;
  return std::sqrt(both * (log1p_of(variance / rho) - 2 * log_of(alpha)));
}

// Howard et al., section 3.5: V / rho + 1 is about log(1 / alpha^2) + log(1 + log(1 / alpha^2)) + 1
// there.
double mixture_rho(double variance, double alpha) noexcept {
  const double log_error = -2 * log_of(alpha);
  return variance / (log_error + log1p_of(log_error));
}

}  // namespace kedge

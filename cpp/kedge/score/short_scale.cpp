#include "kedge/score/short_scale.h"

#include <algorithm>
#include <cmath>

#include "kedge/kernels/dense_int16.h"

namespace kedge {
namespace {

constexpr std::size_t kOneIn = 1000;
constexpr int kNarrowings = 30;
// Its inverse is a float.
constexpr double kLeastScale = 1e-37;

double scale_of(double most) { return std::max(most / kMostInt16, kLeastScale); }

double squared_error(std::span<const float> values, double scale) {
  double sum = 0;
  for (const float value : values) {
    const double whole =
        std::clamp<double>(std::floor(value / scale + 0.5), -kMostInt16, kMostInt16);
    sum += (whole * scale - value) * (whole * scale - value);
  }
  return sum;
}

}  // namespace

double short_scale(std::span<float> values, RangeRule calibration) {
  std::ranges::sort(values);
  const std::size_t beyond = calibration == RangeRule::kPercentile ? values.size() / kOneIn : 0;
  const double most = std::max(std::abs(double{values[beyond]}),
                               std::abs(double{values[values.size() - 1 - beyond]}));
  double best = scale_of(most);
  if (calibration != RangeRule::kMse) return best;
  double least = squared_error(values, best);
  for (int i = 1; i < kNarrowings; ++i) {
    const double scale = scale_of(most * (1 - static_cast<double>(i) / kNarrowings));
    const double error = squared_error(values, scale);
    if (error < least) {
      least = error;
      best = scale;
    }
  }
  return best;
}

}  // namespace kedge

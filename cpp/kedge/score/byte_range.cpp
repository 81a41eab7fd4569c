#include "kedge/score/byte_range.h"

#include <algorithm>
#include <cmath>

namespace kedge {
namespace {

constexpr std::size_t kOneIn = 1000;
constexpr int kNarrowings = 30;

ByteRange between(double low, double high) {
  low = std::min(low, 0.0);
  high = std::max(high, 0.0);
  if (high == low) return {};
  const double scale = (high - low) / 255;
  return {scale, static_cast<std::int32_t>(std::floor(-low / scale + 0.5))};
}

double squared_error(std::span<const float> values, const ByteRange& range) {
  double sum = 0;
  for (const float value : values) {
    const double off = (range.byte(value) - range.zero) * range.scale - value;
    sum += off * off;
  }
  return sum;
}

}  // namespace

std::uint8_t ByteRange::byte(double value) const noexcept {
  return static_cast<std::uint8_t>(std::clamp(std::floor(value / scale + 0.5) + zero, 0.0, 255.0));
}

ByteRange byte_range(std::span<float> values, RangeRule calibration) {
  std::ranges::sort(values);
  const double low = values.front();
  const double high = values.back();
  if (calibration == RangeRule::kPercentile) {
    const std::size_t beyond = values.size() / kOneIn;
    return between(values[beyond], values[values.size() - 1 - beyond]);
  }
  ByteRange best = between(low, high);
  if (calibration == RangeRule::kMinMax) return best;
  double least = squared_error(values, best);
  for (int i = 1; i < kNarrowings; ++i) {
    const double part = 1 - static_cast<double>(i) / kNarrowings;
    const ByteRange range = between(low * part, high * part);
    const double error = squared_error(values, range);
    if (error < least) {
      least = error;
      best = range;
    }
  }
  return best;
}

}  // namespace kedge

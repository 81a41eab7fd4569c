#include <algorithm>
#include <bit>
#include <cmath>

#include "kedge/kernels/dense_int8.h"

#define KEDGE_TARGET

namespace kedge {
namespace {

constexpr std::size_t kTileRows = 1;
constexpr std::size_t kTilePanels = 1;
constexpr std::size_t kRowSplit = 1;

// Beside it floats are whole numbers apart: adding it rounds to the nearest even, and the lowest
// bits are then the number.
constexpr float kRounder = 12582912.0F;  // 1.5 * 2^23
constexpr auto kRounderBits = std::bit_cast<std::int32_t>(kRounder);

std::uint8_t to_byte(float x, float factor, float zero) {
  float value = x * factor;
  value = std::isnan(value) ? 0.0F : value;
  value = value < -zero ? -zero : value;
  value = value > 255.0F - zero ? 255.0F - zero : value;
  const auto bits = std::bit_cast<std::int32_t>(value + kRounder);
  return static_cast<std::uint8_t>(bits - kRounderBits + static_cast<std::int32_t>(zero));
}

struct Sums {
  std::int32_t lanes[kInt8Lanes];

  static Sums load(const std::int32_t* from) {
    Sums sums;
    for (std::size_t i = 0; i < kInt8Lanes; ++i) sums.lanes[i] = from[i];
    return sums;
  }
  static const std::uint8_t* spread(const std::uint8_t* x) { return x; }
  void add_products(const std::uint8_t* x, const std::int8_t* weights) {
    for (std::size_t i = 0; i < kInt8Lanes; ++i) {
      for (std::size_t j = 0; j < 4; ++j) lanes[i] += x[j] * weights[4 * i + j];
    }
  }
  void store_bytes(const std::int32_t* channels, const Int8Call& call, std::uint8_t* to) const {
    const std::int32_t low = call.relu ? call.zero : 0;
    for (std::size_t i = 0; i < kInt8Lanes; ++i) {
      const std::int64_t product = std::int64_t{lanes[i]} * channels[kInt8Lanes + i];
      const std::int32_t shift = channels[2 * kInt8Lanes + i];
      const std::int64_t half = std::int64_t{1} << (shift - 1);
      const std::int64_t value = call.zero + ((product + half) >> shift);
      to[i] = static_cast<std::uint8_t>(std::clamp<std::int64_t>(value, low, 255));
    }
  }
  void store_floats(const std::int32_t* channels, const Int8Call& call, float* to) const {
    for (std::size_t i = 0; i < kInt8Lanes; ++i) {
      const auto scale = std::bit_cast<float>(channels[kInt8Lanes + i]);
      const auto offset = std::bit_cast<float>(channels[2 * kInt8Lanes + i]);
      const float value = static_cast<float>(lanes[i]) * scale + offset;
      to[i] = call.relu && value < 0 ? 0 : value;
    }
  }
  static void quantize(const float* x, const float* factors, const float* zeros, std::size_t count,
                       std::uint8_t* out) {
    for (std::size_t j = 0; j < count; ++j) out[j] = to_byte(x[j], factors[j], zeros[j]);
    std::fill(out + count, out + kInt8Lanes, std::uint8_t{0});
  }
  static Sums zero() { return {}; }
  void add(const Sums& other) {
    for (std::size_t i = 0; i < kInt8Lanes; ++i) lanes[i] += other.lanes[i];
  }
};

#include "kedge/kernels/dense_int8_loop.h"

}  // namespace

Int8Variant dense_int8_scalar() noexcept {
  return {Isa::kScalar, multiply<true>, multiply<false>, quantize_row};
}

}  // namespace kedge

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

  static Sums begin(const std::int32_t* bias, const std::uint8_t*, std::size_t) {
    Sums sums;
    for (std::size_t i = 0; i < kInt8Lanes; ++i) sums.lanes[i] = bias[i];
    return sums;
  }
  static const std::uint8_t* spread(const std::uint8_t* x) { return x; }
  void add_products(const std::uint8_t* x, const std::int8_t* weights) {
    for (std::size_t i = 0; i < kInt8Lanes; ++i) {
      for (std::size_t j = 0; j < 4; ++j) lanes[i] += x[j] * weights[4 * i + j];
    }
  }
  static Sums zero() { return {}; }
  void add(const Sums& other) {
    for (std::size_t i = 0; i < kInt8Lanes; ++i) lanes[i] += other.lanes[i];
  }
};

template <bool kToBytes>
struct Outputs {
  const std::int32_t* factors;
  const std::int32_t* shifts;
  const std::int32_t zero;

  Outputs(const std::int32_t* channels, const Int8Call& call)
      : factors(channels + kInt8Lanes), shifts(channels + 2 * kInt8Lanes), zero(call.zero) {}

  void apply(Sums& sums) const {
    for (std::size_t i = 0; i < kInt8Lanes; ++i) {
      sums.lanes[i] = kToBytes ? to_whole(sums.lanes[i], i) : to_float(sums.lanes[i], i);
    }
  }
  std::int32_t to_whole(std::int32_t sum, std::size_t i) const {
    const std::int64_t half = std::int64_t{1} << (shifts[i] - 1);
    const std::int64_t product = std::int64_t{sum} * factors[i];
    return static_cast<std::int32_t>(zero + ((product + half) >> shifts[i]));
  }
  std::int32_t to_float(std::int32_t sum, std::size_t i) const {
    const auto scale = std::bit_cast<float>(factors[i]);
    const auto offset = std::bit_cast<float>(shifts[i]);
    return std::bit_cast<std::int32_t>(static_cast<float>(sum) * scale + offset);
  }
  static void store(const Sums (&sums)[1], const Int8Call& call, std::size_t at) {
    const std::int32_t low = call.relu ? call.zero : 0;
    for (std::size_t i = 0; i < kInt8Lanes; ++i) {
      const std::int32_t lane = sums[0].lanes[i];
      if constexpr (kToBytes) {
        const std::int32_t byte = std::clamp<std::int32_t>(lane, low, 255);
        static_cast<std::uint8_t*>(call.out)[at + i] = static_cast<std::uint8_t>(byte);
      } else {
        const auto value = std::bit_cast<float>(lane);
        static_cast<float*>(call.out)[at + i] = call.relu && value < 0 ? 0 : value;
      }
    }
  }
};

struct Columns {
  const float* factors;
  const float* zeros;
  std::size_t count;

  Columns(const float* of_factors, const float* of_zeros, std::size_t columns)
      : factors(of_factors), zeros(of_zeros), count(columns) {}

  void quantize(const float* x, std::uint8_t* out) const {
    for (std::size_t j = 0; j < count; ++j) out[j] = to_byte(x[j], factors[j], zeros[j]);
    std::fill(out + count, out + kInt8Lanes, std::uint8_t{0});
  }
};

#include "kedge/kernels/dense_int8_loop.h"

}  // namespace

Int8Variant dense_int8_scalar() noexcept {
  return {Isa::kScalar, multiply<true>, multiply<false>, quantize_rows<Columns>};
}

}  // namespace kedge

#include "kedge/base/field25519.h"

#include <utility>

#define KEDGE_INLINE __attribute__((always_inline)) inline

namespace kedge {
namespace {

constexpr std::size_t kLimbs = 10;
constexpr std::uint32_t width_of(std::size_t limb) noexcept { return limb % 2 == 0 ? 26 : 25; }
// The first bit of a limb: 25.5 bits each, rounded up.
constexpr std::size_t start_of(std::size_t limb) noexcept { return (51 * limb + 1) / 2; }

using Limbs = std::array<std::int32_t, kLimbs>;

// What is beyond the top comes in again times 19.
Limbs wrapped_of(const Limbs& limb) noexcept {
  Limbs out;
  for (std::size_t i = 0; i < kLimbs; ++i) out[i] = 19 * limb[i];
  return out;
}

// Two limbs of 25 bits meet a bit further down than the one that they are added to.
constexpr std::int32_t shift_of(std::size_t i, std::size_t j) noexcept {
  return i % 2 == 1 && j % 2 == 1 ? 2 : 1;
}

// Written out for each limb of the result: as loops, compilers make vectors of them that take
// longer.
template <class Each>
KEDGE_INLINE void each_limb(const Each& each) noexcept {
  [&]<std::size_t... k>(std::index_sequence<k...>) __attribute__((always_inline)) {
    (each(std::integral_constant<std::size_t, k>()), ...);
  }(std::make_index_sequence<kLimbs>());
}

template <std::size_t k>
KEDGE_INLINE std::int64_t product_limb(const Limbs& a, const Limbs& b,
                                       const Limbs& wrapped) noexcept {
  std::int64_t sum = 0;
  each_limb([&](auto i) __attribute__((always_inline)) {
    constexpr std::size_t j = (k + kLimbs - i) % kLimbs;
    sum += std::int64_t{shift_of(i, j) * a[i]} * (i + j < kLimbs ? b : wrapped)[j];
  });
  return sum;
}

// The same of a and a, where both orders of two limbs are one product.
template <std::size_t k>
KEDGE_INLINE std::int64_t square_limb(const Limbs& a, const Limbs& wrapped) noexcept {
  std::int64_t sum = 0;
  each_limb([&](auto i) __attribute__((always_inline)) {
    constexpr std::size_t j = (k + kLimbs - i) % kLimbs;
    if constexpr (i <= j) {
      constexpr std::int32_t times = shift_of(i, j) * (i == j ? 1 : 2);
      sum += std::int64_t{times * a[i]} * (i + j < kLimbs ? a : wrapped)[j];
    }
  });
  return sum;
}

}  // namespace

Field25519 Field25519::carried(Wide wide) noexcept {
  const auto carry = [&](auto i) __attribute__((always_inline)) {
    constexpr std::uint32_t width = width_of(i);
    const std::int64_t over = (wide[i] + (std::int64_t{1} << (width - 1))) >> width;
    wide[i] -= over * (std::int64_t{1} << width);
    wide[(i + 1) % kLimbs] += i + 1 == kLimbs ? 19 * over : over;
  };
  each_limb(carry);
  carry(std::integral_constant<std::size_t, 0>());
  Field25519 value;
  for (std::size_t i = 0; i < kLimbs; ++i) value.limb_[i] = static_cast<std::int32_t>(wide[i]);
  return value;
}

Field25519 Field25519::from_bytes(std::span<const std::byte, 32> bytes) noexcept {
  Wide wide{};
  for (std::size_t bit = 0; bit < 255; ++bit) {
    const auto byte = std::to_integer<std::uint32_t>(bytes[bit / 8]);
    const std::size_t limb = bit * 2 / 51;
    wide[limb] |= std::int64_t{byte >> (bit % 8) & 1} << (bit - start_of(limb));
  }
  return carried(wide);
}

std::array<std::byte, 32> Field25519::bytes() const noexcept {
  // How often p goes into the number, from -1 to 1: what would be carried out at the top.
  Wide limb;
  for (std::size_t i = 0; i < kLimbs; ++i) limb[i] = limb_[i];
  std::int64_t times = (19 * limb[9] + (std::int64_t{1} << 24)) >> 25;
  for (std::size_t i = 0; i < kLimbs; ++i) times = (limb[i] + times) >> width_of(i);
  limb[0] += 19 * times;
  std::array<std::byte, 32> out{};
  for (std::size_t i = 0; i < kLimbs; ++i) {
    const std::int64_t over = limb[i] >> width_of(i);
    limb[i] -= over * (std::int64_t{1} << width_of(i));
    if (i + 1 < kLimbs) limb[i + 1] += over;
    for (std::uint32_t j = 0; j < width_of(i); ++j) {
      const std::size_t bit = start_of(i) + j;
      out[bit / 8] |= static_cast<std::byte>((limb[i] >> j & 1) << (bit % 8));
    }
  }
  return out;
}

Field25519 operator+(const Field25519& a, const Field25519& b) noexcept {
  Field25519::Wide sum;
  for (std::size_t i = 0; i < kLimbs; ++i) sum[i] = std::int64_t{a.limb_[i]} + b.limb_[i];
  return Field25519::carried(sum);
}

Field25519 operator-(const Field25519& a, const Field25519& b) noexcept {
  Field25519::Wide difference;
  for (std::size_t i = 0; i < kLimbs; ++i) difference[i] = std::int64_t{a.limb_[i]} - b.limb_[i];
  return Field25519::carried(difference);
}

Field25519 operator*(const Field25519& a, const Field25519& b) noexcept {
  const Limbs wrapped = wrapped_of(b.limb_);
  Field25519::Wide product;
  each_limb([&](auto k) __attribute__((always_inline)) {
    product[k] = product_limb<k>(a.limb_, b.limb_, wrapped);
  });
  return Field25519::carried(product);
}

Field25519 Field25519::squared() const noexcept {
  const Limbs wrapped = wrapped_of(limb_);
  Wide square;
  each_limb([&](auto k)
                __attribute__((always_inline)) { square[k] = square_limb<k>(limb_, wrapped); });
  return carried(square);
}

Field25519 Field25519::squared(std::uint32_t times) const noexcept {
  Field25519 result = *this;
  for (std::uint32_t i = 0; i < times; ++i) result = result.squared();
  return result;
}

// x_n is the power 2^n - 1.
Field25519 Field25519::ones_power() const noexcept {
  const auto joined = [](const Field25519& high, std::uint32_t n, const Field25519& low) {
    return high.squared(n) * low;
  };
  const Field25519 x2 = joined(*this, 1, *this);
  const Field25519 x4 = joined(x2, 2, x2);
  const Field25519 x5 = joined(x4, 1, *this);
  const Field25519 x10 = joined(x5, 5, x5);
  const Field25519 x20 = joined(x10, 10, x10);
  const Field25519 x40 = joined(x20, 20, x20);
  const Field25519 x50 = joined(x40, 10, x10);
  const Field25519 x100 = joined(x50, 50, x50);
  const Field25519 x200 = joined(x100, 100, x100);
  return joined(x200, 50, x50);
}

Field25519 Field25519::root_power() const noexcept { return ones_power().squared(2) * *this; }

// The power p - 2 = 2^255 - 21 = 32 (2^250 - 1) + 11.
Field25519 Field25519::inverse() const noexcept {
  const Field25519 x3 = squared() * *this;
  return ones_power().squared(5) * squared(3) * x3;
}

}  // namespace kedge

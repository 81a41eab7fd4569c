// Numbers modulo p = 2^255 - 19, in ten limbs of 26 and 25 bits in turn, so that they and 19 times
// them fit in 32 bits, their products and sums in 64, on every processor. Time depends on values:
// for public ones only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace kedge {

class Field25519 {
 public:
  constexpr Field25519() = default;
  explicit constexpr Field25519(std::int32_t small) : limb_{small} {}

  // The 255 low bits; not less than p is taken modulo p.
  static Field25519 from_bytes(std::span<const std::byte, 32> bytes) noexcept;
  // From 0 to p - 1.
  std::array<std::byte, 32> bytes() const noexcept;

  bool is_odd() const noexcept { return (std::to_integer<int>(bytes()[0]) & 1) != 0; }
  bool is_zero() const noexcept { return bytes() == std::array<std::byte, 32>{}; }
  friend bool operator==(const Field25519& a, const Field25519& b) noexcept {
    return a.bytes() == b.bytes();
  }

  friend Field25519 operator+(const Field25519& a, const Field25519& b) noexcept;
  friend Field25519 operator-(const Field25519& a, const Field25519& b) noexcept;
  friend Field25519 operator*(const Field25519& a, const Field25519& b) noexcept;
  Field25519 operator-() const noexcept { return Field25519{} - *this; }

  Field25519 squared() const noexcept;
  // To the power 2^times.
  Field25519 squared(std::uint32_t times) const noexcept;
  // To the power 2^252 - 3 = (p - 5) / 8.
  Field25519 root_power() const noexcept;
  Field25519 inverse() const noexcept;  // 0 for 0

 private:
  using Wide = std::array<std::int64_t, 10>;

  // Every limb to half its width, positive or negative.
  static Field25519 carried(Wide wide) noexcept;
  // To the power 2^250 - 1.
  Field25519 ones_power() const noexcept;

  std::array<std::int32_t, 10> limb_{};
};

}  // namespace kedge

// A seeded generator with the same numbers on every machine; the standard library's distributions
// are not, so they are not used. xoshiro256** (Blackman and Vigna), seeded by SplitMix64.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace kedge {

// The SplitMix64 finaliser: a good mix of a counter.
constexpr std::uint64_t mix_bits(std::uint64_t value) noexcept {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept {
    for (auto& word : state_) word = mix_bits(seed += 0x9e3779b97f4a7c15);
  }

  std::uint64_t bits() noexcept {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }
  // Uniform on [0, 1), 53 bits.
  double uniform() noexcept { return static_cast<double>(bits() >> 11) * 0x1p-53; }
  // 0 .. bound-1, for a bound far below 2^32; the bias is below bound / 2^32.
  std::uint32_t below(std::uint32_t bound) noexcept {
    return static_cast<std::uint32_t>(((bits() >> 32) * bound) >> 32);
  }

 private:
  std::array<std::uint64_t, 4> state_;
};

}  // namespace kedge

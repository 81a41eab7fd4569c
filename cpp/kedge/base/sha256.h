// SHA-256 (FIPS 180-4), piece by piece: for chains of records and whatever an adversary may try.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace kedge {

inline constexpr std::size_t kSha256Bytes = 32;
using Sha256Sum = std::array<std::byte, kSha256Bytes>;

class Sha256 {
 public:
  void add(std::span<const std::byte> bytes) noexcept;
  // Of all that was added; nothing may be added afterwards.
  Sha256Sum finish() noexcept;

 private:
  std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::byte, 64> kept_{};  // of a block that is not full
  std::uint64_t bytes_ = 0;
};

}  // namespace kedge

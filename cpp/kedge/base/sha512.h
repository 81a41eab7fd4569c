// SHA-512 (FIPS 180-4).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace kedge {

class Sha512 {
 public:
  Sha512() noexcept;

  void add(std::span<const std::byte> bytes) noexcept;
  // Of all bytes so far. Nothing may follow.
  std::array<std::byte, 64> finish() noexcept;

 private:
  static constexpr std::size_t kBlock = 128;

  void block(const std::byte* bytes) noexcept;

  std::array<std::uint64_t, 8> state_;
  std::array<std::byte, kBlock> rest_{};
  std::uint64_t length_ = 0;  // of the message, in bytes
};

}  // namespace kedge

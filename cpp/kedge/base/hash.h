// Two checksums: CRC-32C guards stored bytes, FNV-1a names results that must be the same
// everywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace kedge {

// The Castagnoli CRC (RFC 3720, appendix B.4). Pass an earlier result as `seed` to go on.
std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t seed = 0) noexcept;

// 64-bit FNV-1a over a sequence of values.
class Digest {
 public:
  void add(std::span<const std::byte> bytes) noexcept {
    for (const std::byte byte : bytes) {
      state_ = (state_ ^ static_cast<std::uint64_t>(byte)) * 0x100000001b3;
    }
  }
  template <class T>
    requires std::is_arithmetic_v<T>
  void add(T value) noexcept {
    add(std::as_bytes(std::span(&value, 1)));
  }
  std::uint64_t value() const noexcept { return state_; }

 private:
  std::uint64_t state_ = 0xcbf29ce484222325;
};

}  // namespace kedge

#include "kedge/base/hmac.h"

#include <algorithm>

namespace kedge {
namespace {

constexpr std::size_t kBlock = 64;

Sha256Sum padded_sum(const std::array<std::byte, kBlock>& key, std::byte pad,
                     std::span<const std::byte> rest) noexcept {
  std::array<std::byte, kBlock> block = key;
  for (std::byte& byte : block) byte ^= pad;
  Sha256 hash;
  hash.add(block);
  hash.add(rest);
  return hash.finish();
}

}  // namespace

Sha256Sum hmac_sha256(std::span<const std::byte> key, std::span<const std::byte> message) noexcept {
  std::array<std::byte, kBlock> block{};
  if (key.size() > kBlock) {
    Sha256 hash;
    hash.add(key);
    const Sha256Sum sum = hash.finish();
    std::ranges::copy(sum, block.begin());
  } else {
    std::ranges::copy(key, block.begin());
  }
  return padded_sum(block, std::byte{0x5c}, padded_sum(block, std::byte{0x36}, message));
}

bool equal_sums(const Sha256Sum& a, const Sha256Sum& b) noexcept {
  std::byte apart{0};
  for (std::size_t i = 0; i < a.size(); ++i) apart |= a[i] ^ b[i];
  return apart == std::byte{0};
}

}  // namespace kedge

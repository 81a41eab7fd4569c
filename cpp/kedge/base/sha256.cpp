#include "kedge/base/sha256.h"

#include <algorithm>
#include <cstring>

#include "kedge/base/sha256_blocks.h"

namespace kedge {

void Sha256::add(std::span<const std::byte> bytes) noexcept {
  const Sha256Blocks blocks_of = sha256_blocks_best();
  while (!bytes.empty()) {
    const std::size_t had = bytes_ % kSha256Block;
    std::size_t taken = std::min(kSha256Block - had, bytes.size());
    if (taken == kSha256Block) {
      taken = bytes.size() / kSha256Block * kSha256Block;
      blocks_of(state_.data(), bytes.data(), taken / kSha256Block);
    } else {
      std::memcpy(kept_.data() + had, bytes.data(), taken);
      if (had + taken == kSha256Block) blocks_of(state_.data(), kept_.data(), 1);
    }
    bytes_ += taken;
    bytes = bytes.subspan(taken);
  }
}

Sha256Sum Sha256::finish() noexcept {
  const std::uint64_t bits = bytes_ * 8;
  constexpr std::byte kEnd{0x80}, kZero{0};
  add({&kEnd, 1});
  while (bytes_ % kSha256Block != kSha256Block - 8) add({&kZero, 1});
  for (int shift = 56; shift >= 0; shift -= 8) {
    const auto byte = static_cast<std::byte>(bits >> shift & 0xff);
    add({&byte, 1});
  }
  Sha256Sum sum;
  for (std::size_t i = 0; i < sum.size(); ++i) {
    sum[i] = static_cast<std::byte>(state_[i / 4] >> (24 - 8 * (i % 4)) & 0xff);
  }
  return sum;
}

}  // namespace kedge

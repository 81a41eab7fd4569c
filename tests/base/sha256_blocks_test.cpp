#include "kedge/base/sha256_blocks.h"

#include <vector>

#include "check.h"
#include "kedge/base/random.h"

namespace kedge {

TEST("every variant of SHA-256's rounds gives the same state") {
  Random random(6);
  const Sha256Blocks best = sha256_blocks_best();
  for (std::size_t blocks = 0; blocks < 20; ++blocks) {
    std::vector<std::byte> bytes(blocks * kSha256Block + 1);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.uniform() * 256);
    Sha256State one{}, other{};
    for (std::uint32_t& word : one) word = static_cast<std::uint32_t>(random.uniform() * 0x1p32);
    other = one;
    sha256_blocks_scalar(one.data(), bytes.data() + 1, blocks);
    best(other.data(), bytes.data() + 1, blocks);
    CHECK(one == other);
  }
}

}  // namespace kedge

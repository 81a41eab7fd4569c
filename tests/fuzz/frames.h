// Frames whose checksums are made right, so that a fuzzer reaches what is behind them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "kedge/base/frame.h"
#include "kedge/base/hash.h"

namespace kedge {

// Frames nest, so the innermost is sealed first.
inline void reseal(std::vector<std::byte>& bytes) {
  for (std::size_t start = bytes.size(); start-- > 0;) {
    if (bytes.size() - start < kFrameHeader) continue;
    if (std::memcmp(bytes.data() + start, "KDGE", 4) != 0) continue;
    std::uint64_t length;
    std::memcpy(&length, bytes.data() + start + 16, sizeof length);
    if (length > bytes.size() - start - kFrameHeader) continue;
    const std::span<const std::byte> whole(bytes);
    const std::uint32_t crc =
        crc32c(whole.subspan(start + kFrameHeader, length), crc32c(whole.subspan(start + 8, 16)));
    std::memcpy(bytes.data() + start + 4, &crc, sizeof crc);
  }
}

}  // namespace kedge

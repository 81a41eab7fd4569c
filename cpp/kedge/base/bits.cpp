#include "kedge/base/bits.h"

#include <cstring>

namespace kedge {

std::size_t count_bits(const std::uint8_t* bitmap, std::size_t offset,
                       std::size_t length) noexcept {
  std::size_t set = 0;
  std::size_t i = offset;
  const std::size_t end = offset + length;
  for (; i < end && (i & 7) != 0; ++i) set += get_bit(bitmap, i);
  for (; i + 64 <= end; i += 64) {
    std::uint64_t word;
    std::memcpy(&word, bitmap + i / 8, sizeof word);
    set += static_cast<std::size_t>(std::popcount(word));
  }
  for (; i < end; ++i) set += get_bit(bitmap, i);
  return set;
}

}  // namespace kedge

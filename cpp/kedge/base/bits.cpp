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

void pack_bits(const std::uint8_t* bytes, std::size_t length, std::uint8_t* bitmap) noexcept {
  std::size_t i = 0;
  for (; i + 8 <= length; i += 8) {
    unsigned bits = 0;
    for (unsigned k = 0; k < 8; ++k) bits |= unsigned{bytes[i + k]} << k;
    bitmap[i / 8] = static_cast<std::uint8_t>(bits);
  }
  for (; i < length; ++i) {
    if (bytes[i] != 0) set_bit(bitmap, i);
  }
}

}  // namespace kedge

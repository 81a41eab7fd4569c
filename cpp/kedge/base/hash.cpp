#include "kedge/base/hash.h"

#include <array>
#include <cstring>

namespace kedge {
namespace {

constexpr std::size_t kSlices = 8;
using Tables = std::array<std::array<std::uint32_t, 256>, kSlices>;

constexpr Tables make_tables() {
  constexpr std::uint32_t kReversedPolynomial = 0x82f63b78;
  Tables tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? kReversedPolynomial : 0);
    tables[0][i] = crc;
  }
  for (std::size_t slice = 1; slice < kSlices; ++slice) {
    for (std::size_t i = 0; i < 256; ++i) {
      const std::uint32_t before = tables[slice - 1][i];
      tables[slice][i] = (before >> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

#if defined(__x86_64__)
// Three blocks are summed side by side, since each step of one waits three cycles for the last.
constexpr std::size_t kBlock = 2048;

// What a checksum becomes over zeros is linear in it: the images of its bits say all of it.
using Images = std::array<std::uint32_t, 32>;
constexpr std::uint32_t image_of(std::uint32_t crc, const Images& images) {
  std::uint32_t image = 0;
  for (const std::uint32_t of_bit : images) {
    if (crc & 1) image ^= of_bit;
    crc >>= 1;
  }
  return image;
}
constexpr Images over_one_block() {
  Images images{};
  for (std::size_t bit = 0; bit < images.size(); ++bit) {
    const std::uint32_t crc = std::uint32_t{1} << bit;
    images[bit] = (crc >> 8) ^ kTables[0][crc & 0xff];
  }
  for (std::size_t bytes = 1; bytes < kBlock; bytes *= 2) {
    const Images once = images;
    for (std::uint32_t& image : images) image = image_of(image, once);
  }
  return images;
}

// The same, byte by byte of the checksum.
using Shift = std::array<std::array<std::uint32_t, 256>, 4>;
constexpr Shift make_shift() {
  constexpr Images kImages = over_one_block();
  Shift shift{};
  for (std::size_t bit = 0; bit < kImages.size(); ++bit) {
    auto& row = shift[bit / 8];
    const std::size_t low = std::size_t{1} << (bit % 8);
    for (std::size_t rest = 0; rest < low; ++rest) row[low + rest] = row[rest] ^ kImages[bit];
  }
  return shift;
}
constexpr Shift kShift = make_shift();

std::uint32_t over_zeros(std::uint32_t crc) noexcept {
  return kShift[0][crc & 0xff] ^ kShift[1][(crc >> 8) & 0xff] ^ kShift[2][(crc >> 16) & 0xff] ^
         kShift[3][crc >> 24];
}

// The instruction is this CRC; many times as fast as the tables.
__attribute__((target("sse4.2,crc32"))) std::uint32_t crc_by_instruction(const std::byte*& data,
                                                                         std::size_t& left,
                                                                         std::uint32_t crc) {
  for (; left >= 3 * kBlock; left -= 3 * kBlock, data += 3 * kBlock) {
    std::uint64_t sums[3] = {crc, 0, 0};
    for (std::size_t at = 0; at < kBlock; at += sizeof(std::uint64_t)) {
      for (std::size_t k = 0; k < 3; ++k) {
        std::uint64_t word;
        std::memcpy(&word, data + k * kBlock + at, sizeof word);
        sums[k] = __builtin_ia32_crc32di(sums[k], word);
      }
    }
    crc = over_zeros(static_cast<std::uint32_t>(sums[0])) ^ static_cast<std::uint32_t>(sums[1]);
    crc = over_zeros(crc) ^ static_cast<std::uint32_t>(sums[2]);
  }
  std::uint64_t wide = crc;
  for (; left >= sizeof wide; left -= sizeof wide, data += sizeof wide) {
    std::uint64_t word;
    std::memcpy(&word, data, sizeof word);
    wide = __builtin_ia32_crc32di(wide, word);
  }
  return static_cast<std::uint32_t>(wide);
}
#endif

}  // namespace

std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t seed) noexcept {
  std::uint32_t crc = ~seed;
  const std::byte* data = bytes.data();
  std::size_t left = bytes.size();
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) crc = crc_by_instruction(data, left, crc);
#endif
  for (; left >= kSlices; left -= kSlices, data += kSlices) {
    std::uint64_t word;
    std::memcpy(&word, data, sizeof word);
    word ^= crc;
    crc = 0;
    for (std::size_t i = 0; i < kSlices; ++i) {
      crc ^= kTables[kSlices - 1 - i][(word >> (8 * i)) & 0xff];
    }
  }
  for (; left > 0; --left, ++data) {
    crc = (crc >> 8) ^ kTables[0][(crc ^ static_cast<std::uint32_t>(*data)) & 0xff];
  }
  return ~crc;
}

std::uint64_t hash_bytes(std::string_view bytes) noexcept {
  using namespace hash_detail;
  const std::size_t length = bytes.size();
  if (length <= kShortBytes) return hash_short(short_words(bytes), length);
  const char* data = bytes.data();
  const char* last = data + length - kShortBytes;
  std::uint64_t state = kPi0 + length;
  for (; data < last; data += kShortBytes) {
    const std::uint64_t low = load<std::uint64_t>(data);
    const std::uint64_t high = load<std::uint64_t>(data + 8);
    const ShortWords product = multiply(low ^ kPi1, high ^ state);
    state = product.low ^ product.high ^ (state + high);
  }
  return finish({load<std::uint64_t>(last), load<std::uint64_t>(last + 8)}, state);
}

}  // namespace kedge

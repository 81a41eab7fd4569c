// CRC-32C guards stored bytes, FNV-1a names results that must be the same everywhere, and
// hash_bytes spreads names over tables and sketches.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
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

// 64 well mixed bits of any bytes. Part of stored formats (docs/formats.md, "hash_bytes"), so it is
// frozen. Not for adversaries: whoever knows the function finds bytes that collide.
std::uint64_t hash_bytes(std::string_view bytes) noexcept;
inline std::uint64_t hash_bytes(std::span<const std::byte> bytes) noexcept {
  return hash_bytes({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

// The first sixteen bytes as two little-endian words, zeros after the end. With the length they are
// all there is to know of a short string, which is why hash and comparison work on them.
inline constexpr std::size_t kShortBytes = 16;
struct ShortWords {
  std::uint64_t low;
  std::uint64_t high;
};

namespace hash_detail {

// The digits of pi after the point, made odd.
inline constexpr std::uint64_t kPi0 = 0x243f6a8885a308d3;
inline constexpr std::uint64_t kPi1 = 0x13198a2e03707345;
inline constexpr std::uint64_t kPi2 = 0xa4093822299f31d1;
inline constexpr std::uint64_t kPi3 = 0x082efa98ec4e6c89;

template <class Word>
std::uint64_t load(const char* from) noexcept {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

// The 128-bit product; boards with 32-bit registers have no type for it.
inline ShortWords multiply(std::uint64_t a, std::uint64_t b) noexcept {
#if defined(__SIZEOF_INT128__)
  __extension__ typedef unsigned __int128 Wide;
  const Wide product = static_cast<Wide>(a) * b;
  return {static_cast<std::uint64_t>(product), static_cast<std::uint64_t>(product >> 64)};
#else
  const std::uint64_t a0 = a & 0xffffffff, a1 = a >> 32;
  const std::uint64_t b0 = b & 0xffffffff, b1 = b >> 32;
  const std::uint64_t middle = a1 * b0 + (a0 * b0 >> 32);
  const std::uint64_t cross = a0 * b1 + (middle & 0xffffffff);
  return {cross << 32 | (a0 * b0 & 0xffffffff), a1 * b1 + (middle >> 32) + (cross >> 32)};
#endif
}

// Both factors come back in: a factor of zero would forget the other one otherwise.
inline std::uint64_t finish(ShortWords words, std::uint64_t state) noexcept {
  const ShortWords once = multiply(words.low ^ kPi1, words.high ^ state);
  const ShortWords twice =
      multiply(once.low ^ words.low ^ kPi2 ^ std::rotl(state, 32), once.high ^ words.high ^ kPi3);
  return twice.low ^ twice.high;
}

}  // namespace hash_detail

// Up to seven bytes, read in place: the loads overlap rather than leave the string.
inline std::uint64_t partial_word(const char* bytes, std::size_t length) noexcept {
  using hash_detail::load;
  if (length >= 4) {
    return load<std::uint32_t>(bytes) | load<std::uint32_t>(bytes + length - 4)
                                            << (8 * (length - 4));
  }
  if (length == 0) return 0;
  return load<std::uint8_t>(bytes) | load<std::uint8_t>(bytes + length / 2) << (8 * (length / 2)) |
         load<std::uint8_t>(bytes + length - 1) << (8 * (length - 1));
}

// Of at most kShortBytes bytes.
inline ShortWords short_words(std::string_view bytes) noexcept {
  using hash_detail::load;
  const char* data = bytes.data();
  const std::size_t length = bytes.size();
  if (length < 8) return {partial_word(data, length), 0};
  const std::uint64_t low = load<std::uint64_t>(data);
  if (length == 8) return {low, 0};
  const std::uint64_t last = load<std::uint64_t>(data + length - 8);
  return {low, last >> (8 * (kShortBytes - length))};
}

// hash_bytes of at most kShortBytes bytes, from their words.
inline std::uint64_t hash_short(ShortWords words, std::size_t length) noexcept {
  return hash_detail::finish(words, hash_detail::kPi0 + length);
}

}  // namespace kedge

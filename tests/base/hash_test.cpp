#include "kedge/base/hash.h"

#include <bit>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "check.h"
#include "kedge/base/random.h"

namespace kedge {
namespace {

std::string random_bytes(Random& random, std::size_t length) {
  std::string bytes;
  for (std::size_t i = 0; i < length; ++i) bytes += static_cast<char>(random.below(256));
  return bytes;
}

}  // namespace

TEST("hash_bytes is the frozen function of docs/formats.md") {
  CHECK(hash_bytes("") == 0x6311e2d554461905);
  CHECK(hash_bytes("a") == 0xf1b37d099128a334);
  CHECK(hash_bytes("abc") == 0xcf6f2d5af63e76d5);
  CHECK(hash_bytes("kedge") == 0xf4c1a7f11553f70c);
  CHECK(hash_bytes("12345678") == 0xf417d0b5bbd44c63);
  CHECK(hash_bytes("123456789abcdef") == 0x64accd235f811ea8);
  CHECK(hash_bytes("0123456789abcdef") == 0xa9e5a68d4309f5ac);
  CHECK(hash_bytes("0123456789abcdefg") == 0x478e96afefa83c68);
  CHECK(hash_bytes("the quick brown fox jumps over the lazy dog") == 0x0e70f5e3a200e8d2);
}

TEST("a flipped bit flips each bit of the hash half of the time, at every length") {
  Random random(3);
  constexpr int kTrials = 64;
  for (const std::size_t length : {1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100}) {
    std::vector<int> flips(64);
    int pairs = 0;
    for (int trial = 0; trial < kTrials; ++trial) {
      std::string bytes = random_bytes(random, length);
      const std::uint64_t before = hash_bytes(bytes);
      for (std::size_t bit = 0; bit < 8 * length; ++bit) {
        bytes[bit / 8] ^= static_cast<char>(1 << bit % 8);
        const std::uint64_t change = before ^ hash_bytes(bytes);
        bytes[bit / 8] ^= static_cast<char>(1 << bit % 8);
        for (int out = 0; out < 64; ++out)
          flips[static_cast<std::size_t>(out)] += change >> out & 1;
        ++pairs;
      }
    }
    for (const int count : flips) {
      CHECK(std::fabs(count - 0.5 * pairs) < 5 * 0.5 * std::sqrt(pairs));  // standard errors
    }
  }
}

TEST("hashes of names that differ by little collide as rarely as random numbers, in both halves") {
  constexpr std::uint32_t kNames = 100'000;
  for (const std::string start : {"", "item", "0123456789ab", "a name of more than 16 bytes "}) {
    std::set<std::uint32_t> low;
    std::set<std::uint32_t> high;
    for (std::uint32_t i = 0; i < kNames; ++i) {
      const std::uint64_t hash = hash_bytes(start + std::to_string(i));
      low.insert(static_cast<std::uint32_t>(hash));
      high.insert(static_cast<std::uint32_t>(hash >> 32));
    }
    // 1.2 are to be expected of 2^32 values; more than 10 in a case of ten million.
    CHECK(low.size() + 10 >= kNames);
    CHECK(high.size() + 10 >= kNames);
  }
}

TEST("a string of zeros is known by its length") {
  std::set<std::uint64_t> hashes;
  for (std::size_t length = 0; length < 200; ++length)
    hashes.insert(hash_bytes(std::string(length, '\0')));
  CHECK(hashes.size() == 200);
}

TEST("the words of a short string are its bytes and zeros, wherever it lies") {
  Random random(5);
  for (std::size_t length = 0; length <= kShortBytes; ++length) {
    // Exactly as long as the string, so that a sanitizer sees a read beyond.
    const std::string bytes = random_bytes(random, length);
    const std::vector<char> exact(bytes.begin(), bytes.end());
    char padded[16] = {};
    std::memcpy(padded, bytes.data(), length);
    const ShortWords words = short_words({exact.data(), length});
    CHECK(words.low == hash_detail::load<std::uint64_t>(padded));
    CHECK(words.high == hash_detail::load<std::uint64_t>(padded + 8));
    CHECK(hash_short(words, length) == hash_bytes(bytes));
  }
}

}  // namespace kedge

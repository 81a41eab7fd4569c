#include "kedge/base/sort.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "kedge/base/bits.h"

namespace kedge {
namespace {

constexpr unsigned kDigitBits = 11;  // 2048 counters, or places to write to, are in the first cache
constexpr unsigned kDigits = 3;
constexpr std::size_t kRadix = std::size_t{1} << kDigitBits;
constexpr std::size_t kFew = 512;  // comparisons are as fast up to here

using Keys = std::vector<std::uint64_t>;

std::size_t digit_of(std::uint64_t key, unsigned shift) noexcept {
  return static_cast<std::size_t>(key >> shift) % kRadix;
}

// By the kDigits digits from bit `shift` on, the lowest one first.
void sort_by_digits(Keys& keys, unsigned shift) {
  std::array<std::array<std::size_t, kRadix>, kDigits> places{};
  for (const std::uint64_t key : keys) {
    for (unsigned digit = 0; digit < kDigits; ++digit) {
      ++places[digit][digit_of(key, shift + digit * kDigitBits)];
    }
  }
  Keys sorted(keys.size());
  for (unsigned digit = 0; digit < kDigits; ++digit) {
    std::size_t start = 0;
    for (std::size_t& place : places[digit]) {
      const std::size_t count = place;
      place = start;
      start += count;
    }
    for (const std::uint64_t key : keys) {
      sorted[places[digit][digit_of(key, shift + digit * kDigitBits)]++] = key;
    }
    keys.swap(sorted);
  }
}

// Keys that differ only below bit `shift` stand together; there are few of them, as a rule.
void sort_ties(Keys& keys, unsigned shift) {
  for (auto run = keys.begin(); run != keys.end();) {
    auto end = run + 1;
    while (end != keys.end() && (*end >> shift) == (*run >> shift)) ++end;
    if (end - run > 1) std::sort(run, end);
    run = end;
  }
}

}  // namespace

void sort_values(std::vector<double>& values) {
  if (values.empty()) return;
  Keys keys;
  keys.reserve(values.size());
  const std::uint64_t first = ordered_bits(values.front());
  std::uint64_t differing = 0;
  for (const double value : values) {
    keys.push_back(ordered_bits(value));
    differing |= keys.back() ^ first;
  }
  if (keys.size() <= kFew) {
    std::sort(keys.begin(), keys.end());
  } else {
    // What all keys share stays above the digits, or is cut off by them.
    constexpr unsigned kSorted = kDigits * kDigitBits;
    const auto width = static_cast<unsigned>(std::bit_width(differing));
    const unsigned shift = width > kSorted ? width - kSorted : 0;
    sort_by_digits(keys, shift);
    if (shift > 0) sort_ties(keys, shift);
  }
  for (std::size_t i = 0; i < keys.size(); ++i) values[i] = from_ordered_bits(keys[i]);
}

}  // namespace kedge

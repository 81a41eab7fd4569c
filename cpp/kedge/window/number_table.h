// 64-bit numbers numbered in the order they came: 0, 1, 2, ..
//
// Thread safety: one writer, or many readers.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kedge/base/buffer.h"

namespace kedge {

class NumberTable {
 public:
  NumberTable();

  std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(numbers_.size()); }
  std::uint64_t number(std::uint32_t id) const noexcept { return numbers_[id]; }
  std::span<const std::uint64_t> numbers() const noexcept { return numbers_; }

  // The id of each number; the next one for a number that was not there. Throws ResourceExhausted
  // at 2^31 numbers.
  void insert_all(const std::uint64_t* numbers, std::size_t length, std::uint32_t* ids);
  std::uint32_t insert(std::uint64_t number);

  // Takes a number that is never looked up: its id is the next one.
  std::uint32_t append_unlisted(std::uint64_t number);

  // Forgets all, then takes these in their order; `unlisted` is the place of one that is never
  // looked up, or their number.
  void assign(std::vector<std::uint64_t> numbers, std::size_t unlisted);

  std::size_t bytes() const noexcept {
    return lines_.size() + numbers_.capacity() * sizeof(std::uint64_t);
  }

 private:
  // A cache line, filled from its beginning. Where in it a number lies is found without a branch:
  // one that went the wrong way would cost more than to look at all.
  static constexpr std::size_t kPlaces = 5;
  struct alignas(kCacheLine) Line {
    std::uint64_t numbers[kPlaces];
    std::uint32_t next_ids[kPlaces + 1];  // id + 1; 0 in an empty place, and behind the last one

    // 0 when the number is not here. Zero equals what is in empty places, which stand last.
    std::uint32_t find(std::uint64_t number) const noexcept {
      unsigned equal = 1U << kPlaces;
      for (std::size_t j = 0; j < kPlaces; ++j) {
        equal |= static_cast<unsigned>(numbers[j] == number) << j;
      }
      return next_ids[std::countr_zero(equal)];
    }
    bool is_full() const noexcept { return next_ids[kPlaces - 1] != 0; }
  };

  static std::size_t home_of(std::uint64_t number, unsigned shift) noexcept {
    // The top bits of a product depend on all bits of the number but the highest ones most weakly,
    // so those are folded in first.
    return static_cast<std::size_t>(((number ^ number >> 32) * 0x9e3779b97f4a7c15) >> shift);
  }
  template <bool kSmall>
  void insert_some(const std::uint64_t* numbers, std::size_t length, std::uint32_t* ids);
  void place_anew(std::size_t lines, std::size_t unlisted);
  void place(std::uint64_t number, std::uint32_t next_id) noexcept;
  std::uint32_t add(std::uint64_t number);
  Line* lines() noexcept { return reinterpret_cast<Line*>(lines_.data()); }

  Buffer lines_;
  std::size_t mask_;
  unsigned shift_;
  std::size_t most_;                    // so many numbers fill it
  std::vector<std::uint64_t> numbers_;  // of each id
  std::size_t unlisted_;                // an id that is in no line, or SIZE_MAX
};

}  // namespace kedge

#include "kedge/window/number_table.h"

#include <algorithm>

#include "kedge/base/error.h"

namespace kedge {
namespace {

constexpr std::size_t kFewestLines = 32;
constexpr std::size_t kMostNumbers = std::size_t{1} << 31;

// Tables that stay in the first caches are so empty that a number is mostly the first of its line:
// a look at that one is then all there is to do. In larger ones the memory is what takes the time.
constexpr std::size_t kSmallLines = std::size_t{1} << 12;
constexpr std::size_t most_in(std::size_t lines) {
  return lines <= kSmallLines ? lines / 4 : 3 * lines;
}
// Larger ones are asked for in advance.
constexpr std::size_t kAhead = 32;

}  // namespace

NumberTable::NumberTable() { assign({}, SIZE_MAX); }

void NumberTable::place_anew(std::size_t lines, std::size_t unlisted) {
  lines_ = Buffer(lines * sizeof(Line));
  mask_ = lines - 1;
  shift_ = static_cast<unsigned>(65 - std::bit_width(lines));
  most_ = std::min(kMostNumbers, most_in(lines));
  unlisted_ = unlisted;
  for (std::size_t id = 0; id < numbers_.size(); ++id) {
    if (id + kAhead < numbers_.size()) {
      __builtin_prefetch(&this->lines()[home_of(numbers_[id + kAhead], shift_)], 1);
    }
    if (id != unlisted) place(numbers_[id], static_cast<std::uint32_t>(id + 1));
  }
}

void NumberTable::place(std::uint64_t number, std::uint32_t next_id) noexcept {
  std::size_t at = home_of(number, shift_);
  while (lines()[at].is_full()) at = (at + 1) & mask_;
  Line& line = lines()[at];
  std::size_t j = 0;
  while (line.next_ids[j] != 0) ++j;
  line.numbers[j] = number;
  line.next_ids[j] = next_id;
}

void NumberTable::assign(std::vector<std::uint64_t> numbers, std::size_t unlisted) {
  numbers_ = std::move(numbers);
  std::size_t lines = kFewestLines;
  while (most_in(lines) <= numbers_.size()) lines *= 2;
  place_anew(lines, unlisted);
}

std::uint32_t NumberTable::append_unlisted(std::uint64_t number) {
  if (numbers_.size() >= kMostNumbers) throw resource_exhausted("more than 2^31 keys");
  unlisted_ = numbers_.size();
  numbers_.push_back(number);
  return static_cast<std::uint32_t>(unlisted_);
}

std::uint32_t NumberTable::add(std::uint64_t number) {
  if (numbers_.size() >= kMostNumbers) throw resource_exhausted("more than 2^31 keys");
  numbers_.push_back(number);
  const std::uint32_t next_id = size();
  place(number, next_id);
  if (numbers_.size() >= most_) place_anew(2 * (mask_ + 1), unlisted_);
  return next_id - 1;
}

std::uint32_t NumberTable::insert(std::uint64_t number) {
  for (std::size_t at = home_of(number, shift_);; at = (at + 1) & mask_) {
    const Line& line = lines()[at];
    if (const std::uint32_t next_id = line.find(number); next_id != 0) return next_id - 1;
    if (!line.is_full()) return add(number);
  }
}

template <bool kSmall>
void NumberTable::insert_some(const std::uint64_t* numbers, std::size_t length,
                              std::uint32_t* ids) {
  for (std::size_t i = 0; i < length;) {
    // Until one is not in its own line, after which nothing may be as it was.
    const Line* const lines = this->lines();
    const unsigned shift = shift_;
    for (; i < length; ++i) {
      if (!kSmall && i + kAhead < length) {
        __builtin_prefetch(&lines[home_of(numbers[i + kAhead], shift)]);
      }
      const Line& line = lines[home_of(numbers[i], shift)];
      const bool first = kSmall && line.numbers[0] == numbers[i];
      const std::uint32_t next_id = first ? line.next_ids[0] : line.find(numbers[i]);
      if (next_id == 0) break;
      ids[i] = next_id - 1;
    }
    if (i < length) {
      ids[i] = insert(numbers[i]);
      ++i;
    }
  }
}

void NumberTable::insert_all(const std::uint64_t* numbers, std::size_t length, std::uint32_t* ids) {
  if (mask_ < kSmallLines) return insert_some<true>(numbers, length, ids);
  insert_some<false>(numbers, length, ids);
}

}  // namespace kedge

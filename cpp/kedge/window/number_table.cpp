#include "kedge/window/number_table.h"

#include <algorithm>
#include <bit>

#include "kedge/base/error.h"

namespace kedge {
namespace {

constexpr std::size_t kFewestSlots = 64;
constexpr std::size_t kMostNumbers = std::size_t{1} << 31;

// A number that is not in its own slot costs a mispredicted branch in every row that has it, so
// tables whose hot slots stay in the first caches are left emptier.
constexpr std::size_t kSmallSlots = std::size_t{1} << 14;
constexpr std::size_t slots_for_each(std::size_t slots) { return slots <= kSmallSlots ? 8 : 2; }
// Larger ones are asked for in advance.
constexpr std::size_t kAhead = 16;

}  // namespace

NumberTable::NumberTable() { assign({}, SIZE_MAX); }

void NumberTable::place_anew(std::size_t slots, std::size_t unlisted) {
  slots_ = Buffer(slots * sizeof(Slot));
  mask_ = slots - 1;
  shift_ = static_cast<unsigned>(65 - std::bit_width(slots));
  most_ = std::min(kMostNumbers, slots / slots_for_each(slots));
  unlisted_ = unlisted;
  for (std::size_t id = 0; id < numbers_.size(); ++id) {
    if (id == unlisted) continue;
    std::size_t at = home_of(numbers_[id]);
    while (this->slots()[at].next_id != 0) at = (at + 1) & mask_;
    this->slots()[at] = {numbers_[id], static_cast<std::uint32_t>(id + 1)};
  }
}

void NumberTable::assign(std::vector<std::uint64_t> numbers, std::size_t unlisted) {
  numbers_ = std::move(numbers);
  std::size_t slots = kFewestSlots;
  while (slots / slots_for_each(slots) <= numbers_.size()) slots *= 2;
  place_anew(slots, unlisted);
}

std::uint32_t NumberTable::append_unlisted(std::uint64_t number) {
  if (numbers_.size() >= kMostNumbers) throw resource_exhausted("more than 2^31 keys");
  unlisted_ = numbers_.size();
  numbers_.push_back(number);
  return static_cast<std::uint32_t>(unlisted_);
}

std::uint32_t NumberTable::add(std::uint64_t number, std::size_t at) {
  if (numbers_.size() >= kMostNumbers) throw resource_exhausted("more than 2^31 keys");
  numbers_.push_back(number);
  const std::uint32_t next_id = size();
  slots()[at] = {number, next_id};
  if (numbers_.size() >= most_) place_anew(2 * (mask_ + 1), unlisted_);
  return next_id - 1;
}

std::uint32_t NumberTable::insert(std::uint64_t number) {
  std::size_t at = home_of(number);
  while (slots()[at].next_id != 0) {
    if (slots()[at].number == number) return slots()[at].next_id - 1;
    at = (at + 1) & mask_;
  }
  return add(number, at);
}

void NumberTable::insert_all(const std::uint64_t* numbers, std::size_t length, std::uint32_t* ids) {
  const bool is_small = mask_ < kSmallSlots;
  for (std::size_t i = 0; i < length; ++i) {
    if (!is_small && i + kAhead < length)
      __builtin_prefetch(&slots()[home_of(numbers[i + kAhead])]);
    ids[i] = insert(numbers[i]);
  }
}

}  // namespace kedge

// Counters that add and subtract exactly: 32 bits each, and 64 bits beside them once their total
// would not fit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kedge {

class Counts {
 public:
  explicit Counts(std::size_t slots) : narrow_(slots) {}

  std::size_t size() const noexcept { return narrow_.size(); }
  std::uint64_t operator[](std::size_t slot) const noexcept {
    return narrow_[slot] + (wide_.empty() ? 0 : wide_[slot]);
  }
  std::uint64_t total() const noexcept { return total_; }
  // Of the slots from `first` up to `end`, which is left out.
  std::uint64_t sum(std::size_t first, std::size_t end) const noexcept;

  // `count_into(std::uint32_t* counters)` adds `rows` to counters of this size, in all.
  template <class CountInto>
  void add_rows(std::uint32_t rows, const CountInto& count_into) {
    make_room(rows);
    count_into(narrow_.data());
    in_narrow_ += rows;
    total_ += rows;
  }
  void add(std::size_t slot, std::uint64_t count);
  void add(const Counts& other);
  // The caller has checked that no counter falls below zero.
  void subtract(const Counts& other) noexcept;

  friend bool operator==(const Counts& a, const Counts& b) noexcept;

 private:
  // Moves the narrow counters into the wide ones when `count` more could overflow one of them.
  void make_room(std::uint64_t count);
  void empty_narrow() noexcept;

  std::vector<std::uint32_t> narrow_;
  std::vector<std::uint64_t> wide_;  // none until the first overflow
  std::uint64_t in_narrow_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace kedge

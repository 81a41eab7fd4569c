// Counters that add and subtract exactly: 32 bits each until their total would not fit, then 64.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kedge {

class Counts {
 public:
  explicit Counts(std::size_t slots) : narrow_(slots) {}

  std::size_t size() const noexcept { return wide_.empty() ? narrow_.size() : wide_.size(); }
  std::uint64_t operator[](std::size_t slot) const noexcept {
    return wide_.empty() ? narrow_[slot] : wide_[slot];
  }
  std::uint64_t total() const noexcept { return total_; }

  // `count_into(std::uint32_t* counters)` adds `rows` to counters of this size, in all.
  template <class CountInto>
  void add_rows(std::uint32_t rows, const CountInto& count_into) {
    if (wide_.empty() && total_ + rows > kMostNarrow) widen();
    count_into(narrow_.data());
    total_ += rows;
    if (!wide_.empty()) empty_narrow();
  }
  void add(std::size_t slot, std::uint64_t count);
  void add(const Counts& other);
  // The caller has checked that no counter falls below zero.
  void subtract(const Counts& other) noexcept;

  friend bool operator==(const Counts& a, const Counts& b) noexcept;

 private:
  static constexpr std::uint64_t kMostNarrow = 0xffffffff;

  void widen();
  void empty_narrow() noexcept;

  std::vector<std::uint32_t> narrow_;  // what add_rows counts into
  std::vector<std::uint64_t> wide_;    // everything, once the total passed 32 bits
  std::uint64_t total_ = 0;
};

}  // namespace kedge

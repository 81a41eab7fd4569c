#include "kedge/sketch/counts.h"

namespace kedge {

void Counts::widen() {
  wide_.resize(narrow_.size());
  empty_narrow();
}

void Counts::empty_narrow() noexcept {
  for (std::size_t slot = 0; slot < narrow_.size(); ++slot) {
    wide_[slot] += narrow_[slot];
    narrow_[slot] = 0;
  }
}

void Counts::add(std::size_t slot, std::uint64_t count) {
  if (wide_.empty() && total_ + count > kMostNarrow) widen();
  total_ += count;
  if (wide_.empty()) {
    narrow_[slot] += static_cast<std::uint32_t>(count);
  } else {
    wide_[slot] += count;
  }
}

void Counts::add(const Counts& other) {
  const std::size_t slots = size();
  for (std::size_t slot = 0; slot < slots; ++slot) add(slot, other[slot]);
}

void Counts::subtract(const Counts& other) noexcept {
  const std::size_t slots = size();
  for (std::size_t slot = 0; slot < slots; ++slot) {
    if (wide_.empty()) {
      narrow_[slot] -= static_cast<std::uint32_t>(other[slot]);
    } else {
      wide_[slot] -= other[slot];
    }
  }
  total_ -= other.total_;
}

bool operator==(const Counts& a, const Counts& b) noexcept {
  if (a.size() != b.size() || a.total_ != b.total_) return false;
  for (std::size_t slot = 0; slot < a.size(); ++slot) {
    if (a[slot] != b[slot]) return false;
  }
  return true;
}

}  // namespace kedge

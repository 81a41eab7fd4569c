#include "kedge/sketch/counts.h"

#include <limits>

namespace kedge {
namespace {

constexpr std::uint64_t kMostNarrow = std::numeric_limits<std::uint32_t>::max();

}  // namespace

std::uint64_t Counts::sum(std::size_t first, std::size_t end) const noexcept {
  std::uint64_t sum = 0;
  for (std::size_t slot = first; slot < end; ++slot) sum += narrow_[slot];
  if (wide_.empty()) return sum;
  for (std::size_t slot = first; slot < end; ++slot) sum += wide_[slot];
  return sum;
}

void Counts::make_room(std::uint64_t count) {
  if (in_narrow_ + count <= kMostNarrow) return;
  wide_.resize(narrow_.size());
  empty_narrow();
}

void Counts::empty_narrow() noexcept {
  for (std::size_t slot = 0; slot < narrow_.size(); ++slot) {
    wide_[slot] += narrow_[slot];
    narrow_[slot] = 0;
  }
  in_narrow_ = 0;
}

void Counts::add(std::size_t slot, std::uint64_t count) {
  make_room(count);
  total_ += count;
  if (count > kMostNarrow) {
    wide_[slot] += count;
    return;
  }
  narrow_[slot] += static_cast<std::uint32_t>(count);
  in_narrow_ += count;
}

void Counts::add(const Counts& other) {
  const std::size_t slots = size();
  for (std::size_t slot = 0; slot < slots; ++slot) add(slot, other[slot]);
}

void Counts::subtract(const Counts& other) noexcept {
  const std::size_t slots = size();
  if (!wide_.empty()) empty_narrow();
  for (std::size_t slot = 0; slot < slots; ++slot) {
    if (wide_.empty()) {
      narrow_[slot] -= static_cast<std::uint32_t>(other[slot]);
    } else {
      wide_[slot] -= other[slot];
    }
  }
  total_ -= other.total_;
  if (wide_.empty()) in_narrow_ = total_;
}

bool operator==(const Counts& a, const Counts& b) noexcept {
  if (a.size() != b.size() || a.total_ != b.total_) return false;
  for (std::size_t slot = 0; slot < a.size(); ++slot) {
    if (a[slot] != b[slot]) return false;
  }
  return true;
}

}  // namespace kedge

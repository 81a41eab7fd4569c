#include "kedge/window/state_columns.h"

#include <algorithm>
#include <cstring>

namespace kedge {
namespace {

constexpr std::size_t kFewest = 16;

}  // namespace

void StateColumns::reserve(std::size_t states) {
  if (states <= capacity_) return;
  const std::size_t capacity = std::max({states, 2 * capacity_, kFewest});
  // A line more: columns whole pages apart would all claim the same few lines of the first cache.
  const std::size_t pitch = capacity * sizeof(std::uint64_t) + kCacheLine;
  Buffer memory = Buffer::uninitialized(aggregation_->words() * pitch);
  for (std::size_t w = 0; w < aggregation_->words() && capacity_ != 0; ++w) {
    std::memcpy(memory.data() + w * pitch, memory_.data() + w * pitch_,
                capacity_ * sizeof(std::uint64_t));
  }
  memory_ = std::move(memory);
  pitch_ = pitch;
  capacity_ = capacity;
}

void StateColumns::get(std::size_t i, std::byte* state) const noexcept {
  for (std::size_t w = 0; w < aggregation_->words(); ++w) {
    std::memcpy(state + w * sizeof(std::uint64_t),
                memory_.data() + w * pitch_ + i * sizeof(std::uint64_t), sizeof(std::uint64_t));
  }
}

void StateColumns::put(std::size_t i, const std::byte* state) noexcept {
  for (std::size_t w = 0; w < aggregation_->words(); ++w) {
    std::memcpy(memory_.data() + w * pitch_ + i * sizeof(std::uint64_t),
                state + w * sizeof(std::uint64_t), sizeof(std::uint64_t));
  }
}

}  // namespace kedge

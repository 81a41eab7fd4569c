// A queue of fixed size that any number of threads fill and one empties; nobody waits.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace kedge {

// All memory is there from the start. Order is that in which places were taken.
template <class T, std::size_t kMost>
class BoundedQueue {
 public:
  BoundedQueue() : slots_(kMost) {
    for (std::size_t i = 0; i < kMost; ++i) slots_[i].turn.store(i, std::memory_order_relaxed);
  }

  // False when it is full.
  bool put(const T& value) noexcept {
    std::uint64_t at = put_.load(std::memory_order_relaxed);
    while (true) {
      Slot& slot = slots_[at % kMost];
      const std::uint64_t turn = slot.turn.load(std::memory_order_acquire);
      if (turn < at) return false;
      if (turn > at) {
        at = put_.load(std::memory_order_relaxed);
      } else if (put_.compare_exchange_weak(at, at + 1, std::memory_order_relaxed)) {
        slot.value = value;
        slot.turn.store(at + 1, std::memory_order_release);
        return true;
      }
    }
  }

  // False when there is none; for one thread.
  bool take(T& out) noexcept {
    Slot& slot = slots_[taken_ % kMost];
    if (slot.turn.load(std::memory_order_acquire) != taken_ + 1) return false;
    out = slot.value;
    slot.turn.store(taken_ + kMost, std::memory_order_release);
    ++taken_;
    return true;
  }

 private:
  // `turn` is the number of the put that may fill it, and one more once it is filled.
  struct Slot {
    std::atomic<std::uint64_t> turn = 0;
    T value{};
  };
  std::vector<Slot> slots_;
  alignas(64) std::atomic<std::uint64_t> put_ = 0;
  alignas(64) std::uint64_t taken_ = 0;
};

}  // namespace kedge

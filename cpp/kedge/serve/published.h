// One value that many threads read while it is replaced now and then: readers never wait.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "kedge/serve/thread_place.h"

namespace kedge {

// A reader counts itself in before it takes the pointer, on one of two sides. The writer puts the
// next value in place, sends readers to the other side and waits until nobody is left on this one,
// for each side in turn: whoever was slow to count itself in has the next value.
template <class Value>
class Published {
 public:
  // A value that stays until the pin is gone.
  class Pin {
   public:
    explicit Pin(const Published& from) noexcept
        : readers_(&from.readers_[from.side_.load()][thread_place()].count) {
      readers_->fetch_add(1);
      value_ = from.value_.load();
    }
    Pin(const Pin&) = delete;
    Pin& operator=(const Pin&) = delete;
    ~Pin() { readers_->fetch_sub(1); }
    const Value& operator*() const noexcept { return *value_; }
    const Value* operator->() const noexcept { return value_; }

   private:
    std::atomic<std::size_t>* readers_;
    const Value* value_ = nullptr;
  };

  explicit Published(std::unique_ptr<const Value> value)
      : owned_(std::move(value)), value_(owned_.get()) {}

  // Returns when nobody reads the value before it. The caller holds no pin.
  void publish(std::unique_ptr<const Value> next) {
    const std::lock_guard lock(writers_);
    value_.store(next.get());
    drain();
    drain();
    owned_ = std::move(next);
  }

 private:
  struct alignas(64) Readers {  // threads on lines of their own
    std::atomic<std::size_t> count = 0;
  };

  void drain() {
    const std::size_t side = side_.load();
    side_.store(1 - side);
    for (const Readers& readers : readers_[side]) {
      while (readers.count.load() != 0) {
        std::this_thread::sleep_for(std::chrono::microseconds(50));
      }
    }
  }

  mutable std::array<std::array<Readers, kThreadPlaces>, 2> readers_;
  std::mutex writers_;
  std::unique_ptr<const Value> owned_;
  std::atomic<const Value*> value_;
  std::atomic<std::size_t> side_ = 0;
};

}  // namespace kedge

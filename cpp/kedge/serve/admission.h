// How many calls a transport has taken on and not yet answered, and the bound beyond which it
// refuses them: a queue without one makes everybody late.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace kedge {

struct AdmissionCounts {
  std::uint64_t in_flight = 0;
  std::uint64_t most = 0;
  std::uint64_t refused = 0;         // because there were that many
  std::uint64_t client_refused = 0;  // because their client had as many as one may have
};

// Any number of threads; nobody waits.
class Admission {
 public:
  explicit Admission(std::size_t most) noexcept : most_(most) {}

  // Whether one more is taken on, which must then leave(); else it is counted as refused.
  bool enter() noexcept {
    if (in_flight_.fetch_add(1, std::memory_order_relaxed) < most_) return true;
    leave();
    refused_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  // One that has entered is not taken on after all: its client has too many.
  void refuse_client() noexcept {
    leave();
    client_refused_.fetch_add(1, std::memory_order_relaxed);
  }
  void leave() noexcept { in_flight_.fetch_sub(1, std::memory_order_relaxed); }

  std::size_t most() const noexcept { return most_; }
  AdmissionCounts read() const noexcept {
    return {in_flight_.load(std::memory_order_relaxed), most_,
            refused_.load(std::memory_order_relaxed),
            client_refused_.load(std::memory_order_relaxed)};
  }

 private:
  std::size_t most_;
  std::atomic<std::size_t> in_flight_ = 0;
  std::atomic<std::uint64_t> refused_ = 0;
  std::atomic<std::uint64_t> client_refused_ = 0;
};

}  // namespace kedge

// How the requests of a route ended, on the live version and on the canary, until somebody looks.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <vector>

#include "kedge/serve/thread_place.h"

namespace kedge {

struct CanaryOutcome {
  bool is_canary;
  bool is_error;
  bool is_late;
};

// Any number of threads add, and do not wait: what finds its place taken, or full, is not counted,
// whatever it is.
class CanaryOutcomes {
 public:
  // A call is late that took longer.
  explicit CanaryOutcomes(std::chrono::nanoseconds limit) noexcept : limit_(limit) {}

  void add(bool is_canary, bool is_error, std::chrono::nanoseconds took) noexcept;
  // Those since the last time; of one thread they are in its order.
  std::vector<CanaryOutcome> take();

 private:
  static constexpr std::size_t kMost = std::size_t{1} << 14;  // of a place
  struct alignas(64) Place {
    std::mutex lock;
    std::size_t count = 0;
    std::array<CanaryOutcome, kMost> outcomes;
  };

  std::chrono::nanoseconds limit_;
  std::array<Place, kThreadPlaces> places_;
};

}  // namespace kedge

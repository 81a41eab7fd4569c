// What a server promises: of calls that are its own to answer a share within a time; and how fast
// what may be missed of it is used up.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "kedge/serve/status.h"
#include "kedge/serve/thread_place.h"

namespace kedge {

struct Objective {
  std::chrono::nanoseconds latency{100'000'000};  // from when a call was taken on to its answer
  double share = 0.999;

  // Throws InvalidArgument unless latency is positive and the share is between 0 and 1.
  void check() const;
  // Whether a call counts against it: too slow, or failed for a reason that is not the caller's.
  bool is_missed(StatusCode code, std::chrono::nanoseconds took) const noexcept;
};

struct ObjectiveCounts {
  std::uint64_t calls = 0;
  std::uint64_t missed = 0;
};

// Any number of threads may record and read; nobody waits.
class ObjectiveMetrics {
 public:
  void record(bool is_missed) noexcept;
  ObjectiveCounts read() const noexcept;

 private:
  struct alignas(64) Place {
    std::atomic<std::uint64_t> calls = 0;
    std::atomic<std::uint64_t> missed = 0;
  };
  std::array<Place, kThreadPlaces> places_;
};

// The share of missed calls in a window up to the present over the share that may be missed: at 1
// the promise is just kept, at 14.4 what a month allows is gone in two days. One thread at a time.
class BurnRate {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kLongest{3600};

  // Counts so far; times do not fall. Of those within ten seconds of each other the first is kept.
  void observe(Clock::time_point now, const ObjectiveCounts& counts);
  // Against the newest counts that are a window old, or none at all; 0 when no call came.
  double rate(Clock::time_point now, const ObjectiveCounts& counts, std::chrono::seconds window,
              double share) const;

 private:
  struct Sample {
    Clock::time_point at;
    ObjectiveCounts counts;
  };
  std::deque<Sample> samples_;
};

}  // namespace kedge

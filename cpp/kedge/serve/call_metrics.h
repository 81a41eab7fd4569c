// How calls of one kind ended, how many rows they had and how long they took.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "kedge/serve/exemplars.h"
#include "kedge/serve/status.h"
#include "kedge/serve/thread_place.h"

namespace kedge {

// The codes of gRPC, from 0.
inline constexpr std::size_t kStatusCodes = 17;

// Upper bounds of latency, in nanoseconds: from a microsecond to twelve seconds, two an octave, so
// that a quantile is known to within half of it.
inline constexpr std::size_t kLatencyBounds = 48;
std::span<const std::uint64_t, kLatencyBounds> latency_bounds() noexcept;

struct CallCounts {
  std::array<std::uint64_t, kStatusCodes> codes{};
  std::array<std::uint64_t, kLatencyBounds + 1> latency{};  // the last one has no bound
  std::uint64_t rows = 0;
  std::uint64_t nanoseconds = 0;         // of all calls together
  std::uint64_t failed_nanoseconds = 0;  // of those that did not end in kOk
  std::uint64_t last_ms = 0;             // since 1970, when the last call ended; 0 before the first

  std::uint64_t calls() const noexcept;
};

// Any number of threads may record and read; nobody waits. What is read while calls are recorded
// has each of them or not, and may have one in some of the counts alone.
class CallMetrics {
 public:
  // A request's `id` may become its bucket's exemplar.
  void record(StatusCode code, std::size_t rows, std::chrono::nanoseconds took,
              std::string_view id = {}) noexcept;
  CallCounts read() const noexcept;
  std::optional<Exemplar> exemplar(std::size_t bucket) const { return exemplars_.read(bucket); }

 private:
  using Count = std::atomic<std::uint64_t>;
  struct alignas(64) Place {
    std::array<Count, kStatusCodes> codes{};
    std::array<Count, kLatencyBounds + 1> latency{};
    Count rows = 0;
    Count nanoseconds = 0;
    Count failed_nanoseconds = 0;
    Count last_ms = 0;
  };
  std::array<Place, kThreadPlaces> places_;
  Exemplars<kLatencyBounds + 1> exemplars_;
};

}  // namespace kedge

#include "kedge/serve/call_metrics.h"

#include <algorithm>
#include <numeric>

namespace kedge {
namespace {

constexpr auto kBounds = [] {
  std::array<std::uint64_t, kLatencyBounds> bounds{};
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    bounds[i] = (i % 2 == 0 ? 1000U : 1500U) * (std::uint64_t{1} << (i / 2));
  }
  return bounds;
}();

void add(std::atomic<std::uint64_t>& to, std::uint64_t count) noexcept {
  to.fetch_add(count, std::memory_order_relaxed);
}

std::uint64_t value(const std::atomic<std::uint64_t>& from) noexcept {
  return from.load(std::memory_order_relaxed);
}

std::uint64_t now_ms() noexcept {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
}

}  // namespace

std::span<const std::uint64_t, kLatencyBounds> latency_bounds() noexcept { return kBounds; }

std::uint64_t CallCounts::calls() const noexcept {
  return std::accumulate(latency.begin(), latency.end(), std::uint64_t{0});
}

void CallMetrics::record(StatusCode code, std::size_t rows, std::chrono::nanoseconds took,
                         std::string_view id) noexcept {
  Place& place = places_[thread_place()];
  const auto ns = static_cast<std::uint64_t>(std::max<std::int64_t>(took.count(), 0));
  add(place.codes[static_cast<std::size_t>(code)], 1);
  const auto bucket =
      static_cast<std::size_t>(std::ranges::lower_bound(kBounds, ns) - kBounds.begin());
  add(place.latency[bucket], 1);
  if (rows != 0) add(place.rows, rows);
  add(place.nanoseconds, ns);
  if (code != StatusCode::kOk) add(place.failed_nanoseconds, ns);
  const std::uint64_t now = now_ms();
  place.last_ms.store(now, std::memory_order_relaxed);
  exemplars_.offer(bucket, id, ns, now);
}

CallCounts CallMetrics::read() const noexcept {
  CallCounts out;
  for (const Place& place : places_) {
    for (std::size_t i = 0; i < out.codes.size(); ++i) out.codes[i] += value(place.codes[i]);
    for (std::size_t i = 0; i < out.latency.size(); ++i) out.latency[i] += value(place.latency[i]);
    out.rows += value(place.rows);
    out.nanoseconds += value(place.nanoseconds);
    out.failed_nanoseconds += value(place.failed_nanoseconds);
    out.last_ms = std::max(out.last_ms, value(place.last_ms));
  }
  return out;
}

}  // namespace kedge

#include "kedge/serve/objective.h"

#include "kedge/base/error.h"

namespace kedge {
namespace {

constexpr std::chrono::seconds kSpacing(10);

}  // namespace

void Objective::check() const {
  if (latency <= std::chrono::nanoseconds(0)) {
    throw invalid_argument("objective: a latency of ", latency.count(), " ns, it must be positive");
  }
  if (!(share > 0 && share < 1)) {
    throw invalid_argument("objective: share = ", share, ", allowed is between 0 and 1");
  }
}

bool Objective::is_missed(StatusCode code, std::chrono::nanoseconds took) const noexcept {
  switch (code) {
    case StatusCode::kDeadlineExceeded:
    case StatusCode::kResourceExhausted:
    case StatusCode::kInternal:
    case StatusCode::kUnavailable:
      return true;
    default:
      return took > latency;
  }
}

void ObjectiveMetrics::record(bool is_missed) noexcept {
  Place& place = places_[thread_place()];
  place.calls.fetch_add(1, std::memory_order_relaxed);
  if (is_missed) place.missed.fetch_add(1, std::memory_order_relaxed);
}

ObjectiveCounts ObjectiveMetrics::read() const noexcept {
  ObjectiveCounts out;
  for (const Place& place : places_) {
    out.missed += place.missed.load(std::memory_order_relaxed);
    out.calls += place.calls.load(std::memory_order_relaxed);
  }
  return out;
}

void BurnRate::observe(Clock::time_point now, const ObjectiveCounts& counts) {
  if (!samples_.empty() && now - samples_.back().at < kSpacing) return;
  // One that is older than the longest window is what that window is counted from.
  while (samples_.size() > 1 && now - samples_[1].at >= kLongest) samples_.pop_front();
  samples_.push_back({now, counts});
}

double BurnRate::rate(Clock::time_point now, const ObjectiveCounts& counts,
                      std::chrono::seconds window, double share) const {
  ObjectiveCounts before;
  for (const Sample& sample : samples_) {
    if (now - sample.at < window) break;
    before = sample.counts;
  }
  // Counts that fall, of a server that was wrong about them, would wrap.
  if (counts.calls <= before.calls || counts.missed <= before.missed) return 0;
  const double missed = static_cast<double>(counts.missed - before.missed) /
                        static_cast<double>(counts.calls - before.calls);
  return missed / (1 - share);
}

}  // namespace kedge

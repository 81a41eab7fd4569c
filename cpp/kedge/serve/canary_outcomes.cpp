#include "kedge/serve/canary_outcomes.h"

namespace kedge {

void CanaryOutcomes::add(bool is_canary, bool is_error, std::chrono::nanoseconds took) noexcept {
  Place& place = places_[thread_place()];
  const std::unique_lock taken(place.lock, std::try_to_lock);
  if (!taken || place.count == kMost) return;
  place.outcomes[place.count++] = {is_canary, is_error, took > limit_};
}

std::vector<CanaryOutcome> CanaryOutcomes::take() {
  std::vector<CanaryOutcome> out;
  for (Place& place : places_) {
    const std::lock_guard guard(place.lock);
    out.insert(out.end(), place.outcomes.begin(), place.outcomes.begin() + place.count);
    place.count = 0;
  }
  return out;
}

}  // namespace kedge

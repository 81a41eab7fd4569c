#include "kedge/edge/event_times.h"

#include <bit>
#include <chrono>
#include <cmath>
#include <cstdio>

namespace kedge::edge {
namespace {

constexpr unsigned kPartBits = 6;
constexpr std::uint64_t kParts = std::uint64_t{1} << kPartBits;  // of each power of two

std::size_t place_of(std::uint64_t nanos) noexcept {
  if (nanos < kParts) return nanos;
  const auto shift = static_cast<unsigned>(std::bit_width(nanos)) - kPartBits - 1;
  return kParts * (shift + 1) + (nanos >> shift) - kParts;
}

// The longest time that has this place.
std::uint64_t most_at(std::size_t place) noexcept {
  if (place < kParts) return place;
  const std::size_t shift = place / kParts - 1;
  return ((kParts + place % kParts + 1) << shift) - 1;
}

std::string milliseconds(std::int64_t nanos) {
  char digits[32];
  const int size =
      std::snprintf(digits, sizeof digits, "%.3f ms", static_cast<double>(nanos) / 1e6);
  return {digits, static_cast<std::size_t>(size)};
}

}  // namespace

std::int64_t EventTimes::nanos_now() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

void EventTimes::close_event() {
  add(*open_nanos_);
  open_nanos_.reset();
}

void EventTimes::add(std::int64_t nanos) {
  const std::size_t place = place_of(static_cast<std::uint64_t>(std::max<std::int64_t>(nanos, 0)));
  if (place >= counts_.size()) counts_.resize(place + 1);
  ++counts_[place];
  ++events_;
  longest_ = std::max(longest_, nanos);
}

std::int64_t EventTimes::quantile(double share) const noexcept {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(events_)));
  std::uint64_t seen = 0;
  for (std::size_t place = 0; place < counts_.size(); ++place) {
    seen += counts_[place];
    if (seen >= wanted) return std::min(static_cast<std::int64_t>(most_at(place)), longest_);
  }
  return longest_;
}

std::string EventTimes::summary() const {
  return "events: " + std::to_string(events_) + ", p50 " + milliseconds(quantile(0.5)) + ", p99 " +
         milliseconds(quantile(0.99)) + ", p99.9 " + milliseconds(quantile(0.999)) + ", longest " +
         milliseconds(longest_);
}

}  // namespace kedge::edge

#include "kedge/sla/arrivals.h"

#include <cmath>

#include "kedge/base/error.h"
#include "kedge/base/math.h"
#include "kedge/base/random.h"

namespace kedge {
namespace {

constexpr double kNanoseconds = 1e9;

// A whole number where only rounding keeps it from being one: 1.1 s of 200 a second are 220 calls.
double calls_of(const ArrivalPart& part) noexcept {
  const double calls = part.seconds * (part.first_rate + part.last_rate) / 2;
  const double whole = std::floor(calls + 0.5);
  return std::fabs(calls - whole) <= calls * 1e-12 ? whole : calls;
}

void check(std::span<const ArrivalPart> parts) {
  double calls = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const ArrivalPart& part = parts[i];
    if (!(part.seconds > 0) || !std::isfinite(part.seconds))
      throw invalid_argument("parts[", i, "]: seconds = ", part.seconds, " is not positive");
    for (const double rate : {part.first_rate, part.last_rate}) {
      if (!(rate >= 0) || !std::isfinite(rate))
        throw invalid_argument("parts[", i, "]: rate = ", rate, " is negative or not finite");
    }
    calls += calls_of(part);
  }
  if (calls > static_cast<double>(kMostArrivals))
    throw resource_exhausted("a schedule of ", calls, " calls, of ", kMostArrivals, " at most");
}

// Seconds after which a part has had so many calls: the root of first t + (last - first) t^2 / 2s
// that does not cancel.
double time_of(const ArrivalPart& part, double calls) noexcept {
  const double slope = (part.last_rate - part.first_rate) / part.seconds;
  const double inside = part.first_rate * part.first_rate + 2 * slope * calls;
  return 2 * calls / (part.first_rate + std::sqrt(std::fmax(inside, 0)));
}

}  // namespace

std::vector<std::int64_t> arrivals(std::span<const ArrivalPart> parts, Spacing spacing,
                                   std::uint64_t seed) {
  check(parts);
  Random random(seed);
  const auto gap = [&] { return spacing == Spacing::kEven ? 1.0 : -log_of(1 - random.uniform()); };
  std::vector<std::int64_t> due;
  double next = spacing == Spacing::kEven ? 0 : gap();  // calls of the part before the next one
  double begun = 0;
  for (const ArrivalPart& part : parts) {
    const double calls = calls_of(part);
    for (; next < calls; next += gap()) {
      const double at = next > 0 ? time_of(part, next) : 0;
      due.push_back(std::llround((begun + at) * kNanoseconds));
      if (due.size() > kMostArrivals)
        throw resource_exhausted("more than ", kMostArrivals, " calls");
    }
    next -= calls;
    begun += part.seconds;
  }
  return due;
}

}  // namespace kedge

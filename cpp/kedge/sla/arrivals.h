// When calls are due, whatever becomes of those before them: parts of time with a rate that stays
// or changes evenly, at equal distances or as a Poisson process. The same times on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kedge {

struct ArrivalPart {
  double seconds;
  double first_rate;  // calls a second, at its beginning
  double last_rate;   // and at its end
};

enum class Spacing { kEven, kPoisson };

// The most calls of one schedule.
inline constexpr std::size_t kMostArrivals = std::size_t{1} << 28;

// Nanoseconds since the beginning, none falling, all within the parts. Throws InvalidArgument for a
// part without time, or a rate that is negative or not finite; ResourceExhausted for more calls
// than kMostArrivals.
std::vector<std::int64_t> arrivals(std::span<const ArrivalPart> parts, Spacing spacing,
                                   std::uint64_t seed);

}  // namespace kedge

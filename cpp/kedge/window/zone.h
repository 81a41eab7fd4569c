// A time zone as a table: from which second on which offset holds. A definition carries its table,
// so that every machine that runs it agrees whatever its own zone files say.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kedge {

struct Zone {
  struct Span {
    std::int64_t start;   // seconds since 1970 in UTC
    std::int64_t offset;  // local time less UTC, in seconds
    friend bool operator==(const Span&, const Span&) = default;
  };

  std::string name = "UTC";
  std::vector<Span> spans{{INT64_MIN, 0}};  // rising; the first starts at INT64_MIN

  // Throws InvalidArgument unless spans rise from INT64_MIN and offsets are below a day.
  void check() const;

  std::int64_t local_of(std::int64_t second) const noexcept;
  // The first second at which clocks here show `local` or later: after a gap when they skip it,
  // the earlier one when they show it twice.
  std::int64_t first_at(std::int64_t local) const noexcept;

  friend bool operator==(const Zone&, const Zone&) = default;
};

// Days since 1970-01-01 of the first of a month, counted from January 1970; and back.
std::int64_t day_of_month_start(std::int64_t month) noexcept;
std::int64_t month_of_day(std::int64_t day) noexcept;

inline std::int64_t floor_div(std::int64_t a, std::int64_t b) noexcept {
  return a / b - (a % b < 0 ? 1 : 0);
}
// The first multiple of `step` behind `time`.
inline std::int64_t next_multiple(std::int64_t time, std::int64_t step) noexcept {
  return (floor_div(time, step) + 1) * step;
}

}  // namespace kedge

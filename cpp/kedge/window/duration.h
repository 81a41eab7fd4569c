// Lengths of time as people write them: "10s", "1h30m", "1d", "1mo".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kedge/arrow/type.h"
#include "kedge/base/bytes.h"

namespace kedge {

// Whole months, whole days and nanoseconds: three numbers because a month has no fixed number of
// days, and a local day no fixed number of hours. Not negative.
struct Duration {
  std::int64_t months = 0;
  std::int64_t days = 0;
  std::int64_t nanos = 0;

  bool is_zero() const noexcept { return months == 0 && days == 0 && nanos == 0; }
  friend bool operator==(const Duration&, const Duration&) = default;
};

// Units: ns us ms s m h d w mo q y. Throws InvalidArgument that shows the text, also for one longer
// than 290 years.
Duration parse_duration(std::string_view text);
// The shortest text that parse_duration reads back; "0s" for none.
std::string to_string(const Duration& duration);

// docs/formats.md, "Window definition". read_duration checks what it reads.
void write_duration(ByteWriter& out, const Duration& duration);
Duration read_duration(ByteReader& in);

// Times that are not between -kFarthest and kFarthest are none, and no duration has kLongest ticks
// or more: sums of them fit.
inline constexpr std::int64_t kFarthest = std::int64_t{1} << 62;
inline constexpr std::int64_t kLongest = std::int64_t{1} << 61;

// A stored time. Throws CorruptData when it is none.
std::int64_t read_time(ByteReader& in);

// In the unit of a time column, days of 24 hours. Throws InvalidArgument when it is not a whole
// number of them ("10us" in milliseconds), has months or is too long.
std::int64_t ticks_of(const Duration& duration, std::int64_t ticks_per_day);

// The same where it need not be a whole number: half an hour is a 48th of a date's day. No months.
double share_of_ticks(const Duration& duration, std::int64_t ticks_per_day) noexcept;

// A time in nanoseconds since 1970 in the unit of a time column. Throws InvalidArgument when it is
// between two of its values, or too far.
std::int64_t ticks_at(std::int64_t nanos, std::int64_t ticks_per_day);

// How many values of a time type make a day: 86'400'000 for date64, 1 for date32.
std::int64_t ticks_per_day(const Type& type);

}  // namespace kedge

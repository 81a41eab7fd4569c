// The constants of an expression: how they are spelled, and what times and durations are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace kedge::expr {

// What times and durations count, from coarse to fine.
enum class Tick : std::uint8_t { kDay, kSecond, kMilli, kMicro, kNano };

// How many of `fine` are in one of `coarse`, which is not the finer of the two.
std::int64_t ticks_per(Tick coarse, Tick fine) noexcept;

struct Instant {
  std::int64_t ticks = 0;  // since 1970-01-01T00:00:00Z
  Tick tick = Tick::kSecond;
  friend bool operator==(const Instant&, const Instant&) = default;
};

struct Duration {
  std::int64_t ticks = 0;
  Tick tick = Tick::kSecond;
  friend bool operator==(const Duration&, const Duration&) = default;
};

// Null, bool, int64, uint64 (only what is beyond int64), finite float64, text, time, duration.
using Literal = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string,
                             Instant, Duration>;

// "2026-01-31", "2026-01-31T10:00[:00[.123456789]][Z|+01:00]" (or a space for the T), years 1 to
// 9999; without a zone it is UTC. In the coarsest unit from seconds on that holds it exactly. None
// when it is no such time, or one with nanoseconds outside of the years 1678 to 2261.
std::optional<Instant> parse_timestamp(std::string_view text) noexcept;
// "2026-01-31", in days.
std::optional<Instant> parse_date(std::string_view text) noexcept;
// "1h30m": whole numbers of w, d, h, m, s, ms, us and ns. None when it does not fit 64 bits.
std::optional<Duration> parse_duration(std::string_view text) noexcept;

// As the parser reads them: timestamp '2026-01-31T10:00:00Z', duration '90s', 'it''s', 2.0.
std::string to_string(const Literal& literal);

}  // namespace kedge::expr

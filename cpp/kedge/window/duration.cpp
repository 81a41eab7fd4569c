#include "kedge/window/duration.h"

#include <algorithm>
#include <array>

#include "kedge/base/error.h"
#include "kedge/base/text.h"

namespace kedge {
namespace {

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
constexpr std::int64_t kNanosPerDay = 86'400 * kNanosPerSecond;
constexpr std::int64_t kMostDays = 106'000;  // 2^63 nanoseconds are 106 751 days

struct Unit {
  std::string_view name;
  std::int64_t Duration::* part;
  std::int64_t size;
};

// Longer names first where one begins another, larger units first for printing.
constexpr std::array kUnits = {
    Unit{"y", &Duration::months, 12},
    Unit{"q", &Duration::months, 3},
    Unit{"mo", &Duration::months, 1},
    Unit{"w", &Duration::days, 7},
    Unit{"d", &Duration::days, 1},
    Unit{"h", &Duration::nanos, 3600 * kNanosPerSecond},
    Unit{"ms", &Duration::nanos, 1'000'000},
    Unit{"m", &Duration::nanos, 60 * kNanosPerSecond},
    Unit{"s", &Duration::nanos, kNanosPerSecond},
    Unit{"us", &Duration::nanos, 1'000},
    Unit{"ns", &Duration::nanos, 1},
};
constexpr std::array<std::string_view, 11> kPrintOrder = {"y", "q", "mo", "w",  "d", "h",
                                                          "m", "s", "ms", "us", "ns"};

const Unit* unit_of(std::string_view name) {
  const auto* found = std::ranges::find(kUnits, name, &Unit::name);
  return found == kUnits.end() ? nullptr : found;
}

Error bad_duration(std::string_view text, std::string_view why) {
  return invalid_argument("\"", text, "\" is no duration: ", why,
                          ", as in \"10s\", \"1h30m\" or \"1mo\"");
}

void add_part(Duration& duration, std::string_view text, std::string_view digits,
              std::string_view name) {
  const auto count = number_of<std::int64_t>(digits);
  if (!count || *count < 0) throw bad_duration(text, "a whole number is wanted before each unit");
  const Unit* unit = unit_of(name);
  if (unit == nullptr) throw bad_duration(text, "units are ns us ms s m h d w mo q y");
  std::int64_t& part = duration.*unit->part;
  const std::int64_t most = unit->part == &Duration::nanos  ? kMostDays * kNanosPerDay
                            : unit->part == &Duration::days ? kMostDays
                                                            : kMostDays / 31;
  if (*count > (most - part) / unit->size) throw bad_duration(text, "it is longer than 290 years");
  part += *count * unit->size;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Duration parse_duration(std::string_view text) {
  if (text.empty()) throw bad_duration(text, "it is empty");
  Duration duration;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    const std::size_t unit = at;
    while (at < text.size() && !is_digit(text[at])) ++at;
    add_part(duration, text, text.substr(start, unit - start), text.substr(unit, at - unit));
  }
  return duration;
}

std::string to_string(const Duration& duration) {
  Duration rest = duration;
  std::string out;
  for (const std::string_view name : kPrintOrder) {
    const Unit& unit = *unit_of(name);
    std::int64_t& part = rest.*unit.part;
    if (part < unit.size) continue;
    out += text(part / unit.size, name);
    part %= unit.size;
  }
  return out.empty() ? "0s" : out;
}

std::int64_t read_time(ByteReader& in) {
  const auto time = in.read<std::int64_t>();
  if (time >= -kFarthest && time < kFarthest) return time;
  throw corrupt_data(in.section(), ": ", time, " is no time");
}

std::int64_t ticks_of(const Duration& duration, std::int64_t ticks_per_day) {
  if (duration.months != 0) {
    throw invalid_argument("\"", to_string(duration), "\": months have no fixed length");
  }
  const std::int64_t nanos_per_tick = kNanosPerDay / ticks_per_day;
  if (duration.nanos % nanos_per_tick != 0) {
    throw invalid_argument("\"", to_string(duration), "\" is no whole number of the time column's ",
                           "unit of ", to_string(Duration{0, 0, nanos_per_tick}));
  }
  const std::int64_t of_days = duration.days * ticks_per_day;
  const std::int64_t of_nanos = duration.nanos / nanos_per_tick;
  if (of_days < kLongest && of_nanos < kLongest - of_days) return of_days + of_nanos;
  throw invalid_argument("\"", to_string(duration), "\" is too long for the time column's unit");
}

double share_of_ticks(const Duration& duration, std::int64_t ticks_per_day) noexcept {
  const std::int64_t nanos_per_tick = kNanosPerDay / ticks_per_day;
  return static_cast<double>(duration.days) * static_cast<double>(ticks_per_day) +
         static_cast<double>(duration.nanos) / static_cast<double>(nanos_per_tick);
}

std::int64_t ticks_at(std::int64_t nanos, std::int64_t ticks_per_day) {
  const std::int64_t nanos_per_tick = kNanosPerDay / ticks_per_day;
  const std::int64_t ticks = nanos / nanos_per_tick;
  if (ticks < -kFarthest || ticks >= kFarthest) {
    throw invalid_argument("the time of ", nanos, " ns since 1970 is too far from it");
  }
  if (nanos % nanos_per_tick == 0) return ticks;
  throw invalid_argument("the time of ", nanos, " ns since 1970 is no whole number of the time ",
                         "column's unit of ", to_string(Duration{0, 0, nanos_per_tick}));
}

std::int64_t ticks_per_day(const Type& type) {
  switch (type.id) {
    case TypeId::kDate32:
      return 1;
    case TypeId::kDate64:
      return 86'400'000;
    case TypeId::kTimestamp:
      break;
    default:
      throw invalid_argument("expected a timestamp or a date, got ", type_name(type));
  }
  switch (type.unit) {
    case TimeUnit::kSecond:
      return 86'400;
    case TimeUnit::kMilli:
      return 86'400'000;
    case TimeUnit::kMicro:
      return 86'400'000'000;
    case TimeUnit::kNano:
      break;
  }
  return kNanosPerDay;
}

void write_duration(ByteWriter& out, const Duration& duration) {
  out.write(duration.months);
  out.write(duration.days);
  out.write(duration.nanos);
}

Duration read_duration(ByteReader& in) {
  Duration duration;
  duration.months = in.read<std::int64_t>();
  duration.days = in.read<std::int64_t>();
  duration.nanos = in.read<std::int64_t>();
  // What its own text does not read back is none: this bounds the three numbers.
  if (std::min({duration.months, duration.days, duration.nanos}) < 0) {
    throw corrupt_data(in.section(), ": a duration is negative");
  }
  try {
    if (parse_duration(to_string(duration)) == duration) return duration;
  } catch (const Error& error) {
    throw corrupt_data(in.section(), ": ", error.what());
  }
  throw corrupt_data(in.section(), ": a duration has more than one spelling");
}

}  // namespace kedge

#include "kedge/expr/literal.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>

#include "kedge/base/text.h"

namespace kedge::expr {
namespace {

constexpr std::int64_t kSecondsPerDay = 86'400;
constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

// Reads a text from its start; once something is missing, everything after it is.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool takes(char wanted) {
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char wanted) { failed_ |= !takes(wanted); }
  // Exactly so many digits, not beyond `most`.
  int digits(std::size_t count, int most) {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (i >= rest_.size() || rest_[i] < '0' || rest_[i] > '9') return fail();
      value = 10 * value + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return value > most ? fail() : value;
  }
  // The digits that come next, as many as there are.
  std::string_view all_digits() {
    const std::size_t end = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    const std::string_view digits = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return digits;
  }
  std::string_view rest() const { return rest_; }
  void skip(std::size_t count) { rest_.remove_prefix(count); }
  int fail() {
    failed_ = true;
    return 0;
  }
  bool done() const { return !failed_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

std::int64_t read_days(Reader& in) {
  const std::chrono::year year(in.digits(4, 9999));
  in.expect('-');
  const std::chrono::month month(static_cast<unsigned>(in.digits(2, 12)));
  in.expect('-');
  const std::chrono::day day(static_cast<unsigned>(in.digits(2, 31)));
  const auto date = year / month / day;
  if (!date.ok() || year < std::chrono::year(1)) return in.fail();
  return std::chrono::sys_days(date).time_since_epoch().count();
}

// The nanoseconds of up to nine digits after a point.
std::int64_t read_fraction(Reader& in) {
  const std::string_view digits = in.all_digits();
  if (digits.empty() || digits.size() > 9) return in.fail();
  std::int64_t nanos = 0;
  for (std::size_t i = 0; i < 9; ++i)
    nanos = 10 * nanos + (i < digits.size() ? digits[i] - '0' : 0);
  return nanos;
}

// Seconds east of UTC.
std::int64_t read_zone(Reader& in) {
  if (in.rest().empty() || in.takes('Z')) return 0;
  const bool west = in.takes('-');
  if (!west) in.expect('+');
  const int hours = in.digits(2, 23);
  in.expect(':');
  const std::int64_t seconds = hours * 3600 + in.digits(2, 59) * 60;
  return west ? -seconds : seconds;
}

struct TickRow {
  std::int64_t per_second;
  std::string_view unit;
};
constexpr std::array<TickRow, 5> kTicks = {
    {{0, "d"}, {1, "s"}, {1'000, "ms"}, {1'000'000, "us"}, {kNanosPerSecond, "ns"}}};

const TickRow& row_of(Tick tick) noexcept { return kTicks[static_cast<std::size_t>(tick)]; }

bool multiply_add(std::int64_t& value, std::int64_t factor, std::int64_t more) noexcept {
  return !__builtin_mul_overflow(value, factor, &value) &&
         !__builtin_add_overflow(value, more, &value);
}

// From seconds on, the coarsest that holds the same.
template <class Time>
Time coarsest(Time time) noexcept {
  while (time.tick > Tick::kSecond && time.ticks % 1000 == 0) {
    time.ticks /= 1000;
    time.tick = static_cast<Tick>(static_cast<int>(time.tick) - 1);
  }
  return time;
}

struct DurationUnit {
  std::string_view name;
  std::int64_t factor;
  Tick tick;
};
constexpr std::array<DurationUnit, 8> kDurationUnits = {{{"ns", 1, Tick::kNano},
                                                         {"us", 1, Tick::kMicro},
                                                         {"ms", 1, Tick::kMilli},
                                                         {"s", 1, Tick::kSecond},
                                                         {"m", 60, Tick::kSecond},
                                                         {"h", 3600, Tick::kSecond},
                                                         {"d", kSecondsPerDay, Tick::kSecond},
                                                         {"w", 7 * kSecondsPerDay, Tick::kSecond}}};

const DurationUnit* read_unit(Reader& in) {
  for (const DurationUnit& unit : kDurationUnits) {
    if (!in.rest().starts_with(unit.name)) continue;
    in.skip(unit.name.size());
    return &unit;
  }
  return nullptr;
}

void append_digits(std::string& out, std::int64_t value, std::size_t width) {
  const std::string digits = text(value);
  if (digits.size() < width) out.append(width - digits.size(), '0');
  out += digits;
}

void append_date(std::string& out, std::int64_t days) {
  const std::chrono::year_month_day date{
      std::chrono::sys_days{std::chrono::days{static_cast<int>(days)}}};
  append_digits(out, static_cast<int>(date.year()), 4);
  out += '-';
  append_digits(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  append_digits(out, static_cast<unsigned>(date.day()), 2);
}

std::string text_of_time(const Instant& time) {
  if (time.tick == Tick::kDay) {
    std::string out = "date '";
    append_date(out, time.ticks);
    return out + '\'';
  }
  std::string out = "timestamp '";
  const std::int64_t per_day = kSecondsPerDay * row_of(time.tick).per_second;
  const std::int64_t of_day = (time.ticks % per_day + per_day) % per_day;
  append_date(out, (time.ticks - of_day) / per_day);
  const std::int64_t second = of_day / row_of(time.tick).per_second;
  const std::array<std::int64_t, 3> parts = {second / 3600, second / 60 % 60, second % 60};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    out += i == 0 ? 'T' : ':';
    append_digits(out, parts[i], 2);
  }
  if (time.tick > Tick::kSecond) {
    out += '.';
    append_digits(out, of_day % row_of(time.tick).per_second,
                  3 * (static_cast<std::size_t>(time.tick) - 1));
  }
  return out + "Z'";
}

std::string quoted(std::string_view value) {
  std::string out = "'";
  for (const char c : value) out.append(c == '\'' ? 2 : 1, c);
  return out + '\'';
}

// Never an integer's: 2.0, not 2.
std::string text_of_float(double value) {
  std::string out = text_of(value);
  if (out.find_first_of(".e") == std::string::npos) out += ".0";
  return out;
}

struct Spelling {
  std::string operator()(std::monostate) const { return "null"; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return text(value); }
  std::string operator()(std::uint64_t value) const { return text(value); }
  std::string operator()(double value) const { return text_of_float(value); }
  std::string operator()(const std::string& value) const { return quoted(value); }
  std::string operator()(const Instant& value) const { return text_of_time(value); }
  std::string operator()(const Duration& value) const {
    return text("duration '", value.ticks, row_of(value.tick).unit, "'");
  }
};

}  // namespace

std::int64_t ticks_per(Tick coarse, Tick fine) noexcept {
  if (coarse == fine) return 1;
  if (coarse == Tick::kDay) return kSecondsPerDay * row_of(fine).per_second;
  return row_of(fine).per_second / row_of(coarse).per_second;
}

std::optional<Instant> parse_date(std::string_view text) noexcept {
  Reader in(text);
  const Instant date{read_days(in), Tick::kDay};
  return in.done() ? std::optional(date) : std::nullopt;
}

std::optional<Instant> parse_timestamp(std::string_view text) noexcept {
  constexpr std::int64_t kFirst = -62'135'596'800;  // of the year 1
  constexpr std::int64_t kLast = 253'402'300'799;   // of the year 9999
  Reader in(text);
  std::int64_t seconds = read_days(in) * kSecondsPerDay;
  std::int64_t nanos = 0;
  if (!in.rest().empty()) {
    if (!in.takes('T')) in.expect(' ');
    seconds += in.digits(2, 23) * 3600;
    in.expect(':');
    seconds += in.digits(2, 59) * 60;
    if (in.takes(':')) {
      seconds += in.digits(2, 59);
      if (in.takes('.')) nanos = read_fraction(in);
    }
    seconds -= read_zone(in);
  }
  if (!in.done() || seconds < kFirst || seconds > kLast) return std::nullopt;
  const Instant part = coarsest(Instant{nanos, Tick::kNano});
  if (nanos == 0) return Instant{seconds, Tick::kSecond};
  Instant time{seconds, part.tick};
  if (!multiply_add(time.ticks, ticks_per(Tick::kSecond, part.tick), part.ticks)) {
    return std::nullopt;
  }
  return time;
}

std::optional<Duration> parse_duration(std::string_view text) noexcept {
  Reader in(text);
  Duration sum;
  do {
    const auto count = number_of<std::int64_t>(in.all_digits());
    const DurationUnit* const unit = read_unit(in);
    if (!count || unit == nullptr) return std::nullopt;
    Duration part{*count, unit->tick};
    const Tick fine = std::max(part.tick, sum.tick);
    if (!multiply_add(part.ticks, unit->factor, 0) ||
        !multiply_add(part.ticks, ticks_per(part.tick, fine), 0) ||
        !multiply_add(sum.ticks, ticks_per(sum.tick, fine), part.ticks)) {
      return std::nullopt;
    }
    sum.tick = fine;
  } while (!in.rest().empty());
  return coarsest(sum);
}

std::string to_string(const Literal& literal) { return std::visit(Spelling(), literal); }

}  // namespace kedge::expr

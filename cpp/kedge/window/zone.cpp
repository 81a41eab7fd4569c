#include "kedge/window/zone.h"

#include <algorithm>

#include "kedge/base/error.h"

namespace kedge {
namespace {

constexpr std::int64_t kDay = 86'400;

std::size_t span_of(const std::vector<Zone::Span>& spans, std::int64_t second) noexcept {
  const auto after = std::ranges::upper_bound(spans, second, {}, &Zone::Span::start);
  return static_cast<std::size_t>(after - spans.begin()) - 1;
}

}  // namespace

void Zone::check() const {
  if (spans.empty() || spans.front().start != INT64_MIN) {
    throw invalid_argument("zone \"", name, "\": the first span must hold from the beginning");
  }
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (i > 0 && spans[i].start <= spans[i - 1].start) {
      throw invalid_argument("zone \"", name, "\": span ", i,
                             " does not start after the one before");
    }
    if (spans[i].offset <= -kDay || spans[i].offset >= kDay) {
      throw invalid_argument("zone \"", name, "\": an offset of ", spans[i].offset,
                             " seconds is not below a day");
    }
  }
}

std::int64_t Zone::local_of(std::int64_t second) const noexcept {
  return second + spans[span_of(spans, second)].offset;
}

std::int64_t Zone::first_at(std::int64_t local) const noexcept {
  for (std::size_t i = span_of(spans, local - kDay);; ++i) {
    const std::int64_t second = std::max(spans[i].start, local - spans[i].offset);
    if (i + 1 == spans.size() || second < spans[i + 1].start) return second;
  }
}

// The civil calendar in 400-year eras of 146 097 days, years beginning in March.
std::int64_t day_of_month_start(std::int64_t month) noexcept {
  const std::int64_t from_march = month + 12 * 1970 - 2;
  const std::int64_t year = floor_div(from_march, 12);
  const std::int64_t month_of_year = from_march - 12 * year;
  const std::int64_t era = floor_div(year, 400);
  const std::int64_t year_of_era = year - 400 * era;
  const std::int64_t day_of_year = (153 * month_of_year + 2) / 5;
  const std::int64_t leap_days = year_of_era / 4 - year_of_era / 100;
  return era * 146'097 + year_of_era * 365 + leap_days + day_of_year - 719'468;
}

std::int64_t month_of_day(std::int64_t day) noexcept {
  // 400 years have 4800 months and 146 097 days; the guess is off by one at most.
  std::int64_t month = floor_div(day * 4'800, 146'097);
  while (day_of_month_start(month) > day) --month;
  while (day_of_month_start(month + 1) <= day) ++month;
  return month;
}

}  // namespace kedge

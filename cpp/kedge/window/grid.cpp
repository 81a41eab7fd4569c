#include "kedge/window/grid.h"

#include <algorithm>
#include <numeric>

#include "kedge/base/error.h"
#include "kedge/window/duration.h"

namespace kedge {
namespace {

constexpr std::int64_t kSecondsPerDay = 86'400;
constexpr std::int64_t kFarthestDay = std::int64_t{1} << 32;
constexpr std::int64_t kFirstMonday = 4;  // 1970-01-05

}  // namespace

Grid::Grid(const WindowSpec& spec, const Type& time) : ticks_per_day_(ticks_per_day(time)) {
  if (spec.kind == WindowKind::kBounds) {
    kind_ = Kind::kBounds;
    for (const std::int64_t bound : spec.bounds) {
      bounds_.push_back(ticks_at(bound, ticks_per_day_));
    }
    span_ = {bounds_.front(), bounds_.back()};
    return;
  }
  // Days have 32 bits where they are stored, and the calendar counts them a thousand times over.
  if (ticks_per_day_ < kSecondsPerDay) span_ = {-kFarthestDay, kFarthestDay};
  if (spec.kind != WindowKind::kTime) return;
  const Duration& every = spec.every;
  const Duration& length = spec.length;
  zone_ = spec.zone;
  std::optional<std::int64_t> aligned;
  if (spec.align_to) aligned = ticks_at(*spec.align_to, ticks_per_day_);
  if (every.months != 0 || length.months != 0) {
    kind_ = Kind::kMonths;
    if (every.days + every.nanos + length.days + length.nanos != 0) {
      throw invalid_argument("every and length: months go with months only, got \"",
                             to_string(every), "\" and \"", to_string(length), "\"");
    }
    set_steps(every.months, length.months);
    const std::int64_t day = aligned ? local_day_of(*aligned) : 0;
    origin_ = month_of_day(day);
  } else if (every.nanos == 0 && length.nanos == 0) {
    kind_ = Kind::kDays;
    set_steps(every.days, length.days);
    origin_ = aligned ? local_day_of(*aligned) : every.days % 7 == 0 ? kFirstMonday : 0;
  } else {
    kind_ = Kind::kSteps;
    set_steps(ticks_of(every, ticks_per_day_), ticks_of(length, ticks_per_day_));
    origin_ = aligned.value_or(0);
  }
}

void Grid::set_steps(std::int64_t every, std::int64_t length) {
  step_ = std::gcd(every, length);
  panes_per_step_ = every / step_;
  panes_per_window_ = length / step_;
}

std::int64_t Grid::local_day_of(std::int64_t time) const noexcept {
  if (ticks_per_day_ < kSecondsPerDay) return floor_div(time, ticks_per_day_);
  const std::int64_t second = floor_div(time, ticks_per_day_ / kSecondsPerDay);
  return floor_div(zone_.local_of(second), kSecondsPerDay);
}

std::int64_t Grid::time_of_day(std::int64_t day) const noexcept {
  // Dates have no zone: their days are what they say.
  if (ticks_per_day_ < kSecondsPerDay) return day * ticks_per_day_;
  return zone_.first_at(day * kSecondsPerDay) * (ticks_per_day_ / kSecondsPerDay);
}

std::int64_t Grid::pane_of(std::int64_t time) const noexcept {
  switch (kind_) {
    case Kind::kWhole:
      return 0;
    case Kind::kSteps:
      return floor_div(time - origin_, step_);
    case Kind::kBounds: {
      const auto after = std::ranges::upper_bound(bounds_, time);
      return (after - bounds_.begin()) - 1;
    }
    case Kind::kDays:
    case Kind::kMonths:
      break;
  }
  const std::int64_t day = local_day_of(time);
  std::int64_t pane = floor_div((kind_ == Kind::kDays ? day : month_of_day(day)) - origin_, step_);
  // Where clocks go back across midnight a local day comes twice: the pane is the one whose
  // beginning has been reached.
  while (begin_of(pane) > time) --pane;
  while (begin_of(pane + 1) <= time) ++pane;
  return pane;
}

std::int64_t Grid::begin_of(std::int64_t pane) const noexcept {
  switch (kind_) {
    case Kind::kWhole:
      return pane <= 0 ? span_.begin : span_.end;
    case Kind::kSteps:
      return origin_ + pane * step_;
    case Kind::kBounds:
      return bounds_[static_cast<std::size_t>(pane)];
    case Kind::kDays:
      return time_of_day(origin_ + pane * step_);
    case Kind::kMonths:
      break;
  }
  return time_of_day(day_of_month_start(origin_ + pane * step_));
}

bool Grid::has(std::int64_t pane) const noexcept {
  return pane >= pane_of(span_.begin) && pane <= pane_of(span_.end - 1) && in_window(pane);
}

TimeRange Grid::range_of(std::int64_t pane) const noexcept {
  return {begin_of(pane), begin_of(pane + 1)};
}

}  // namespace kedge

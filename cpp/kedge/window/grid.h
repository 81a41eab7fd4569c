// Panes: the pieces of time that no window boundary cuts. Every window that time decides is a run
// of whole panes, so a row changes one pane whatever the number of its windows.
//
// Times are values of the time column. Immutable; everything but construction is noexcept.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "kedge/window/spec.h"

namespace kedge {

struct TimeRange {
  std::int64_t begin = 0;
  std::int64_t end = 0;  // not in it
  bool contains(std::int64_t time) const noexcept { return time >= begin && time < end; }
};

class Grid {
 public:
  // Of a tumbling, hopping or bounds definition; for others one pane holds all times. Throws
  // InvalidArgument when `every` or `length` cannot be told in the column's unit.
  Grid(const WindowSpec& spec, const Type& time);

  // Times that have a pane.
  const TimeRange& span() const noexcept { return span_; }
  // Of a time within span().
  std::int64_t pane_of(std::int64_t time) const noexcept;
  TimeRange range_of(std::int64_t pane) const noexcept;
  // Also of the one behind the last: where that ends.
  std::int64_t begin_of(std::int64_t pane) const noexcept;

  // Whether there is a pane of this number whose range lies within span(), and windows take it.
  bool has(std::int64_t pane) const noexcept;

  // Window w begins at pane w * panes_per_step() and has panes_per_window() of them.
  std::int64_t panes_per_window() const noexcept { return panes_per_window_; }
  std::int64_t panes_per_step() const noexcept { return panes_per_step_; }
  // False in the gaps between windows that are shorter than their step.
  bool in_window(std::int64_t pane) const noexcept {
    return panes_per_window_ >= panes_per_step_ ||
           pane - panes_per_step_ * floor_div(pane, panes_per_step_) < panes_per_window_;
  }

 private:
  enum class Kind { kWhole, kSteps, kDays, kMonths, kBounds };

  void set_steps(std::int64_t every, std::int64_t length);
  std::int64_t local_day_of(std::int64_t time) const noexcept;
  std::int64_t time_of_day(std::int64_t day) const noexcept;

  Kind kind_ = Kind::kWhole;
  std::int64_t step_ = 1;    // of a pane: in ticks, days or months
  std::int64_t origin_ = 0;  // where pane 0 begins: tick, day or month
  std::int64_t ticks_per_day_ = 1;
  std::int64_t panes_per_window_ = 1;
  std::int64_t panes_per_step_ = 1;
  TimeRange span_{-kFarthest, kFarthest};
  Zone zone_;
  std::vector<std::int64_t> bounds_;
};

}  // namespace kedge

// Values one at a time for a monitor of one column of numbers: they are collected, and each time
// `every` of them are there, the monitor looks at them.
//
// Values of a look that is not complete are the feed's, not the monitor's. Thread safety: one
// writer, of feed and monitor together.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "kedge/arrow/batch.h"
#include "kedge/drift/monitor.h"

namespace kedge {

inline constexpr std::size_t kMostFed = std::size_t{1} << 24;

class ValueFeed {
 public:
  // The monitor must outlive the feed. Throws InvalidArgument unless 1 <= every <= kMostFed and the
  // monitor has one column, of numbers that may be doubles, and no slices.
  ValueFeed(Monitor& monitor, std::size_t every);

  // True when that made a look with an alarm. A nanosecond or two, and every so often a look.
  bool add(double value) {
    values_[filled_++] = value;
    return filled_ == values_.size() && look();
  }

  // The alarms since they were last taken.
  std::vector<Alarm> take_alarms() { return std::exchange(alarms_, {}); }

 private:
  bool look();

  Monitor& monitor_;
  std::vector<double> values_;
  std::size_t filled_ = 0;
  Batch batch_;
  std::vector<Alarm> alarms_;
};

}  // namespace kedge

// What a monitor says about a column that has changed: what, by how much, since when, and where.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>

#include "kedge/drift/column_monitor.h"

namespace kedge {

struct Alarm {
  static constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

  std::string column;
  std::string by;  // the slicing column and its value; empty for all rows
  std::string slice;
  std::string what;  // "values", "lengths", "hashes", "name", "new names", "missing", ..
  double log_evidence = 0;
  std::uint64_t update = 0;  // the look that gave the alarm, from 1
  std::uint64_t since = 0;   // the first look after the change, estimated
  // The update of the first of the alarms in a row that this one belongs to: a column starts anew
  // after its alarm, and goes on alarming until it is back. It was back when more updates lie
  // between two alarms' changes than the second one took.
  std::uint64_t episode = 0;
  std::uint64_t rows = 0;  // counted since then, about: the numbers below are theirs

  // How far the chance moved, or, for values, lengths and hashes, Kolmogorov and Smirnov's distance
  // at the cuts. That it is above min_effect is what the alarm promises. The bounds allow for the
  // sampling error of both sides (drift/sampling), but the rows were chosen after the fact, so they
  // are estimates.
  double distance = 0;
  double at_least = 0;
  double at_most = 1;

  // Numbers (of a text: lengths) low <= v <= high, or a name, and their share.
  double low = kNothing;
  double high = kNothing;
  std::string name;
  double reference_share = 0;
  double current_share = 0;
};

// The numbers of an alarm about the column's strongest question, from the tallies of the rows since
// the change. `alpha` is for each of its bounds.
void describe_change(const ColumnProfile& reference, const ColumnMonitor& monitor,
                     std::span<const std::uint64_t> current, double alpha, Alarm& alarm);

}  // namespace kedge

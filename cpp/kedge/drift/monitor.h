// A stream held against a reference, looked at as often as one likes, with a promise about false
// alarms that holds for all columns, slices and looks together.
//
// Null hypothesis of a column: the chance of each of its events (drift/tallies: at or below a cut,
// this name, null, ..) lies within `min_effect` of that in the reference's population, of which a
// finite sample tells no more than an interval. While that holds for a row given all rows before
// it, the column's evidence less the time cannot grow in expectation (drift/column_monitor). A
// column alarms when its evidence, times its share of the budget, reaches 1 / false_alarms, and
// starts anew. So, with probability `confidence` over the reference:
//
//   the expected number of false alarms of all unchanged columns together, whatever the others do,
//   in T updates (or units of the clock) is at most T false_alarms,
//
// and the mean time to the first one is at least 1 / false_alarms. Half of the budget belongs to
// the columns, the other half, if there are slices, to them; within each half all have the same.
//
// With `fdr` the columns are a list instead: the evidence is of the form that is never false, and
// at any moment at most that share of the list is expected to be false (evidence/fdr), however the
// columns depend on each other. Columns on the list are told once.
//
// Rows that depend on each other within a batch (sessions, runs of one machine) need `group`: up to
// so many may depend on each other in any way, at the price of so many times the rows. A group does
// not go on in the next batch.
//
// A window is of what the newest rows look like, not of the evidence: to forget evidence on purpose
// would cost rows and win nothing, as the process forgets by itself what does not go on.
//
// Monitors do not merge, as their evidence depends on the order of the batches: merge profiles, and
// update one monitor with them. Thread safety: one writer, or many readers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kedge/arrow/batch.h"
#include "kedge/drift/alarm.h"
#include "kedge/drift/column_monitor.h"
#include "kedge/drift/event_clock.h"
#include "kedge/drift/row_window.h"
#include "kedge/drift/tally_history.h"
#include "kedge/sketch/profile.h"

namespace kedge {

struct MonitorOptions {
  double min_effect = 0.02;    // changes up to this do not matter
  double false_alarms = 1e-4;  // expected per update, or per unit of the clock
  double fdr = 0;              // above 0: a list instead
  double confidence = 0.99;    // that what is known of the reference is right
  std::uint32_t group = 1;     // rows that may depend on each other
  bool clocked = false;        // false_alarms is per second
  std::string clock;           // a column of event times; empty when the caller tells the time
  RowWindowSpec window;        // of the rows that reports are about

  friend bool operator==(const MonitorOptions&, const MonitorOptions&) = default;
};

// A column of all rows or of one slice.
struct WatchedColumn {
  static constexpr std::size_t kAllRows = static_cast<std::size_t>(-1);

  std::size_t slicing = kAllRows;
  std::size_t part = 0;
  std::size_t column = 0;
  double log_share = 0;         // of the budget
  std::size_t first_tally = 0;  // among those of all columns
  ColumnMonitor monitor;
  bool is_listed = false;        // in a list
  std::uint64_t last_alarm = 0;  // its look; 0 for none
  std::uint64_t episode = 0;     // the look of the first one in a row

  const ColumnProfile& of(const Profile& profile) const {
    return slicing == kAllRows ? profile.columns()[column]
                               : profile.slices()[slicing].part(part)[column];
  }
};

class Monitor {
 public:
  // Throws InvalidArgument for options out of their bounds.
  Monitor(const Profile& reference, const MonitorOptions& options);

  // Counts the rows and looks at them, `elapsed` > 0 after the look before; where there is a clock
  // their own times say so instead. Throws as EventClock::advance and
  // Profile::update do and takes nothing then. Without rows there is no look. The alarms are in
  // falling order of their evidence. O(rows + cells), no allocation but for alarms.
  std::vector<Alarm> update(std::span<const Batch> batches, double elapsed);
  // The same for rows that were counted elsewhere, over the reference's cells. Throws
  // InvalidArgument where there is a clock, as counts have no times.
  std::vector<Alarm> update(const Profile& rows, double elapsed);

  const Profile& reference() const noexcept { return reference_; }
  const Profile& counted() const noexcept { return counted_; }
  // The newest rows; null without a window.
  const Profile* newest_rows() const noexcept { return window_ ? &window_->rows() : nullptr; }
  const MonitorOptions& options() const noexcept { return options_; }
  std::span<const WatchedColumn> watched() const noexcept { return watched_; }
  // Which column and slice it is, and nothing else of an alarm.
  Alarm named(const WatchedColumn& column) const;
  std::uint64_t looks() const noexcept { return history_.newest().look; }
  double time() const noexcept { return history_.newest().time; }
  // What a column's log evidence must reach to alarm; that of a list's first.
  double log_threshold(const WatchedColumn& column) const noexcept;

  // docs/formats.md, "Monitor". from_bytes throws CorruptData that says what is wrong.
  std::vector<std::byte> to_bytes() const;
  static Monitor from_bytes(std::span<const std::byte> bytes);

  friend bool operator==(const Monitor& a, const Monitor& b) {
    return a.to_bytes() == b.to_bytes();
  }

 private:
  void watch(const Profile& reference);
  void check_elapsed(double elapsed) const;
  void read_tallies();
  std::vector<Alarm> take(const Profile& rows, double elapsed);
  std::vector<Alarm> look(double elapsed);
  std::vector<std::size_t> alarming() const;
  Alarm alarm_at(WatchedColumn& column, std::uint64_t look);
  Alarm alarm_of(const WatchedColumn& column, std::uint64_t look) const;

  Profile reference_;
  Profile counted_;
  MonitorOptions options_;
  std::vector<WatchedColumn> watched_;
  TallyHistory history_;
  std::optional<EventClock> clock_;
  std::optional<RowWindow> window_;
  std::vector<std::uint64_t> tallies_;  // of a look, kept for their memory
};

}  // namespace kedge

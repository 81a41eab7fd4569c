// A model's requests held against its own reference profile, by a monitor (drift/monitor) in the
// server itself.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kedge/drift/monitor.h"
#include "kedge/serve/drift_cells.h"
#include "kedge/serve/published.h"

namespace kedge {

struct DriftOptions {
  double every_s = 1;                            // between two looks; 0 for none at all
  double min_effect = 0.02;                      // changes up to this do not matter
  double false_alarms = 1.0 / (30 * 24 * 3600);  // expected per second, of one version's columns
  double window_s = 3600;                        // of the rows that distances are about

  // Throws InvalidArgument that names the option, its value and the bound.
  void check() const;
};

// What a look found of one column.
struct ColumnState {
  std::string column;
  // Of the rows of the window from the reference: that of the samples, and between which two that
  // of the populations lies, for all columns together with 99 %.
  double distance = 0;
  double at_least = 0;
  double at_most = 1;
  double log_evidence = 0;
  double log_threshold = 0;
  std::uint64_t alarms = 0;  // ever
};

struct DriftState {
  std::uint64_t rows = 0;         // counted, ever
  std::uint64_t window_rows = 0;  // of the window, which begins anew at multiples of its length
  std::uint64_t missed = 0;       // not counted, ever
  std::vector<ColumnState> columns;
};

// Any number of threads add and read; one looks.
class DriftWatch {
 public:
  // Null when the options ask for no looks, or the bundle's profile has no column that its requests
  // fill. Throws as DriftCells does.
  static std::shared_ptr<DriftWatch> of(const Model& model, const DriftOptions& options);

  DriftWatch(const Model& model, const DriftOptions& options);

  void add(const Rows& rows, const Rows& scores) noexcept { cells_.add(rows, scores); }

  // Looks at what came since the last time, and publishes what is known then.
  std::vector<Alarm> look();
  // As of the last look; no lock is waited for.
  Published<DriftState>::Pin state() const noexcept { return Published<DriftState>::Pin(state_); }

 private:
  void publish();

  DriftOptions options_;
  DriftCells cells_;
  std::optional<Monitor> monitor_;  // made by the first look that has rows: it takes a while
  std::chrono::steady_clock::time_point last_;
  std::vector<std::uint64_t> alarms_;  // of each column
  Published<DriftState> state_;
};

}  // namespace kedge

// The one window of all rows. Every key of it has the bounds of all.
//
// In mode "update" it is given so far, by event time or by rows, for the keys that have changed.
#pragma once

#include <vector>

#include "kedge/window/given.h"
#include "kedge/window/rhythm.h"
#include "kedge/window/state_table.h"
#include "kedge/window/windows.h"

namespace kedge {

class GlobalWindows final : public Windows {
 public:
  explicit GlobalWindows(const Stream& stream);

  void take(const StreamRows& rows) override;
  void close_reached() override;
  void close_all() override;

  std::uint64_t open() const noexcept override { return states_.used(); }
  std::size_t bytes() const noexcept override;
  void mark_used(std::span<std::uint8_t> used) const noexcept override { states_.mark_used(used); }
  void renumber(std::span<const std::uint32_t> new_ids, std::size_t size) override;
  void write(ByteWriter& out) const override;
  void read(ByteReader& in) override;

 private:
  // Folds rows from `start` on until results so far are due; gives the row behind the last one.
  std::size_t fold_some(const StreamRows& rows, std::size_t start);
  // For the keys whose newest row is of this time or before it.
  void emit(Standing standing, std::int64_t newest);
  // Those are given, and begin anew.
  void close_up_to(std::int64_t newest);

  Stream stream_;
  StateTable states_;
  // Of each key.
  struct Open {
    std::uint64_t first = UINT64_MAX;  // how many rows came before its first one
    std::int64_t newest = INT64_MIN;   // of its times
  };
  std::vector<Open> open_;
  TimeRange times_{INT64_MAX, INT64_MIN};  // least and greatest
  std::uint64_t rows_ = 0;                 // since the last results so far
  Rhythm updates_;                         // unless rows bring them
  Rhythm expiry_;             // keys are looked through for those without a row for long
  std::vector<Given> given_;  // of each key
};

}  // namespace kedge

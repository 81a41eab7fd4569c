// Windows that time alone decides: tumbling, hopping and those between given bounds.
//
// StreamRows go into panes. A row for which one of its windows is closed is late and counts in
// none, so the panes of closed windows are final: each window is a merge of final panes, in their
// order.
//
// In mode "update" the windows that the front has passed, or all with a trigger, are also given
// before they are closed, whenever the front reaches the next point of time for it.
#pragma once

#include <deque>
#include <vector>

#include "kedge/window/grid.h"
#include "kedge/window/hop_merge.h"
#include "kedge/window/state_table.h"
#include "kedge/window/windows.h"

namespace kedge {

class PaneWindows final : public Windows {
 public:
  PaneWindows(const Stream& stream, const Type& time);

  void take(const StreamRows& rows) override;
  void close_reached() override;
  void close_all() override;

  std::uint64_t open() const noexcept override;
  std::uint64_t outside() const noexcept override { return outside_; }
  std::size_t bytes() const noexcept override;
  void mark_used(std::span<std::uint8_t> used) const noexcept override;
  void renumber(std::span<const std::uint32_t> new_ids, std::size_t size) override;
  void write(ByteWriter& out) const override;
  void read(ByteReader& in) override;

 private:
  // The first row from `start` on that moves the horizon, and the largest time until then.
  std::size_t segment_end(const StreamRows& rows, std::size_t start, std::int64_t& newest) const;
  void fold_rows(const StreamRows& rows, std::size_t start, std::size_t end);
  std::byte* turned_away(const StreamRows& rows, std::size_t row);
  // The pane that holds this time, in which there is a state for every key.
  Pane* pane_at(std::int64_t time);
  // The pane behind the last window that ends by this time.
  std::int64_t pane_behind_ended(std::int64_t time) const noexcept;
  void set_horizon();
  // Where the first window begins that has not ended by the horizon.
  std::int64_t first_open_pane() const noexcept;
  // The first end of a window behind this time.
  std::int64_t next_end(std::int64_t time) const noexcept;
  void set_next_update() noexcept;
  void give_so_far();

  Stream stream_;
  Grid grid_;
  std::int64_t horizon_;       // rows before it are late: where the last closed window ended
  std::int64_t horizon_pane_;  // the pane that begins there
  std::int64_t horizon_end_;   // where the next window ends: the watermark that moves the horizon
  std::int64_t next_update_;   // the front that brings the next ones
  std::deque<Pane> panes_;     // those with rows, by rising number
  std::uint64_t outside_ = 0;
  std::vector<StateTable> spare_;
  GivenWindows given_;
  HopMerge merge_;
};

}  // namespace kedge

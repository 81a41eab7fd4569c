// Windows of several panes, three merges for each result however many panes there are.
//
// Panes are taken in blocks as long as a window. Of a full block, each pane's states become the sum
// of it and the panes behind it; of the block that is still filling, the sum so far is kept. Every
// window is then a tail of one block and a head of the next. Which panes are merged with which, and
// in what order, depends on their numbers alone: so do the bits.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "kedge/window/given.h"
#include "kedge/window/grid.h"
#include "kedge/window/state_table.h"
#include "kedge/window/windows.h"

namespace kedge {

struct Pane {
  std::int64_t number;
  TimeRange range;
  StateTable states;
};

class HopMerge {
 public:
  // `given` has what came out of windows before they closed.
  HopMerge(const Stream& stream, const Grid& grid, GivenWindows& given);

  // Emits every window that ends before pane `end` begins and that has rows, oldest first, and
  // lets go of the panes that no later window needs: they move to `spare`, their states empty.
  void emit_before(std::int64_t end, std::deque<Pane>& panes, std::vector<StateTable>& spare);

  // Emits what has changed of the window that begins with pane `first`, as far as it is filled.
  void emit_so_far(std::int64_t first, std::deque<Pane>& panes);

  std::size_t bytes() const noexcept { return head_.bytes() + scratch_.bytes(); }
  void mark_used(std::span<std::uint8_t> used) const noexcept { head_.mark_used(used); }
  void renumber(std::span<const std::uint32_t> new_ids, std::size_t size);
  void write(ByteWriter& out) const;
  // Windows that end by `horizon` have been emitted. Throws CorruptData for another state.
  void read(ByteReader& in, std::int64_t horizon);

 private:
  // A window of one pane, whose states are empty afterwards.
  void emit_single(Pane& pane);
  void emit_pane_ids(Pane& pane);
  void emit_window(std::int64_t first, std::deque<Pane>& panes);
  TimeRange window_at(std::int64_t first) const noexcept {
    return {grid_.begin_of(first), grid_.begin_of(first + length_)};
  }
  // What the window's rows are in, in the order of time.
  std::vector<const StateTable*> parts_of(std::int64_t first, const std::deque<Pane>& panes) const;
  // All of them of this key, merged into the next place of scratch_ unless one part has them all;
  // null without rows.
  const std::byte* merged(const std::vector<const StateTable*>& parts, std::uint32_t id);
  void take_into_head(Pane& pane);
  // Panes before `end` are final: what of them is not yet in head or tails goes there.
  void absorb_before(std::int64_t end, std::deque<Pane>& panes);
  void turn_into_tails(std::int64_t block, std::deque<Pane>& panes);
  void emit_ids(const TimeRange& window, std::span<const Revision> revisions);
  void emit_final_ids(const TimeRange& window);
  std::int64_t block_of(std::int64_t pane) const noexcept { return floor_div(pane, length_); }

  Stream stream_;
  const Grid& grid_;
  GivenWindows& given_;
  std::int64_t length_;                   // panes a window
  std::int64_t step_;                     // panes from one window's beginning to the next one's
  std::int64_t next_window_ = INT64_MIN;  // none before it will be emitted any more
  std::int64_t next_head_ = INT64_MIN;    // panes before it are in head_, or in tails
  std::int64_t head_block_ = INT64_MIN;
  StateTable head_;
  StateTable scratch_;  // of the block of results that is being made
  std::vector<std::uint32_t> ids_;
  std::vector<const std::byte*> states_;
  std::vector<TimeRange> windows_;
};

}  // namespace kedge

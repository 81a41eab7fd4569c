#include "kedge/window/hop_merge.h"

#include <algorithm>
#include <cstring>

#include "kedge/base/error.h"

namespace kedge {
namespace {

constexpr std::size_t kAhead = 64;

}  // namespace

HopMerge::HopMerge(const Stream& stream, const Grid& grid)
    : stream_(stream),
      grid_(grid),
      length_(grid.panes_per_window()),
      step_(grid.panes_per_step()),
      head_(stream.aggregation),
      scratch_(stream.aggregation) {
  scratch_.reserve(kOutputBlock);
}

void HopMerge::emit_before(std::int64_t end, std::deque<Pane>& panes,
                           std::vector<StateTable>& spare) {
  const auto drop_before = [&](std::int64_t pane) {
    while (!panes.empty() && panes.front().number < pane) {
      if (length_ != 1) panes.front().states.reset();
      spare.push_back(std::move(panes.front().states));
      panes.pop_front();
    }
  };
  while (!panes.empty()) {
    const std::int64_t oldest = floor_div(panes.front().number - length_ + step_, step_);
    const std::int64_t window = std::max(next_window_, oldest);
    const std::int64_t first = window * step_;
    if (first + length_ > end) break;
    if (length_ == 1) {
      emit_single(panes.front());
    } else {
      emit_window(first, panes);
    }
    next_window_ = window + 1;
    drop_before(first + step_);
  }
}

void HopMerge::emit_ids(const TimeRange& window) {
  windows_.assign(ids_.size(), window);
  stream_.emitter.emit(stream_.keys, ids_, {states_, windows_});
  ids_.clear();
  states_.clear();
}

// Their states are emptied while they are still at hand.
void HopMerge::emit_pane_ids(Pane& pane) {
  const std::vector<std::uint32_t> ids = ids_;
  emit_ids(pane.range);
  for (const std::uint32_t id : ids) stream_.aggregation.reset(pane.states.state(id));
}

void HopMerge::emit_single(Pane& pane) {
  const auto order = stream_.keys.order();
  stream_.emitter.output().reserve(pane.states.used());
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i + kAhead < order.size() && order[i + kAhead] < pane.states.size()) {
      __builtin_prefetch(pane.states.state(order[i + kAhead]));
    }
    if (!pane.states.has_rows(order[i])) continue;
    ids_.push_back(order[i]);
    states_.push_back(pane.states.state(order[i]));
    if (ids_.size() == kOutputBlock) emit_pane_ids(pane);
  }
  emit_pane_ids(pane);
}

void HopMerge::take_into_head(Pane& pane) {
  head_.reserve(pane.states.size());
  for (std::uint32_t id = 0; id < pane.states.size(); ++id) {
    if (pane.states.has_rows(id)) {
      stream_.aggregation.merge(head_.state(id), pane.states.state(id));
    }
  }
}

void HopMerge::turn_into_tails(std::int64_t block, std::deque<Pane>& panes) {
  StateTable* behind = nullptr;
  for (std::size_t i = panes.size(); i-- > 0;) {
    Pane& pane = panes[i];
    if (block_of(pane.number) != block) continue;
    if (behind != nullptr) {
      pane.states.reserve(behind->size());
      for (std::uint32_t id = 0; id < behind->size(); ++id) {
        if (behind->has_rows(id)) {
          stream_.aggregation.merge(pane.states.state(id), behind->state(id));
        }
      }
    }
    behind = &pane.states;
  }
  head_.reset();
  head_block_ = INT64_MIN;
}

void HopMerge::absorb_before(std::int64_t end, std::deque<Pane>& panes) {
  for (Pane& pane : panes) {
    if (pane.number >= end) break;
    if (pane.number < next_head_) continue;
    if (head_block_ != INT64_MIN && head_block_ != block_of(pane.number)) {
      turn_into_tails(head_block_, panes);
    }
    head_block_ = block_of(pane.number);
    take_into_head(pane);
  }
  next_head_ = end;
  if (head_block_ != INT64_MIN && head_block_ < block_of(end)) turn_into_tails(head_block_, panes);
}

void HopMerge::emit_window(std::int64_t first, std::deque<Pane>& panes) {
  const std::int64_t end = first + length_;
  const TimeRange window{grid_.range_of(first).begin, grid_.range_of(end - 1).end};
  std::vector<const StateTable*> parts;
  if (stream_.aggregation.owns_memory()) {
    for (const Pane& pane : panes) {
      if (pane.number >= first && pane.number < end) parts.push_back(&pane.states);
    }
  } else {
    absorb_before(end, panes);
    const auto tail = std::ranges::lower_bound(panes, first, {}, &Pane::number);
    if (tail != panes.end() && block_of(tail->number) == block_of(first)) {
      parts.push_back(&tail->states);
    }
    if (head_block_ != INT64_MIN) parts.push_back(&head_);
  }
  for (const std::uint32_t id : stream_.keys.order()) {
    std::byte* const sum = scratch_.state(static_cast<std::uint32_t>(ids_.size()));
    const std::byte* only = nullptr;
    for (const StateTable* part : parts) {
      if (!part->has_rows(id)) continue;
      if (only == nullptr) {
        only = part->state(id);
        continue;
      }
      if (only != sum) stream_.aggregation.merge(sum, only);
      stream_.aggregation.merge(sum, part->state(id));
      only = sum;
    }
    if (only == nullptr) continue;
    ids_.push_back(id);
    states_.push_back(only);
    if (ids_.size() == kOutputBlock) {
      emit_ids(window);
      scratch_.reset();
    }
  }
  emit_ids(window);
  scratch_.reset();
}

void HopMerge::renumber(std::span<const std::uint32_t> new_ids, std::size_t size) {
  head_.renumber(new_ids, size);
}

void HopMerge::write(ByteWriter& out) const {
  out.write(next_window_);
  out.write(next_head_);
  out.write(head_block_);
  head_.write(out);
}

void HopMerge::read(ByteReader& in) {
  next_window_ = in.read<std::int64_t>();
  next_head_ = in.read<std::int64_t>();
  head_block_ = in.read<std::int64_t>();
  for (const std::int64_t number : {next_window_, next_head_, head_block_}) {
    if (number != INT64_MIN && (number < -kFarthest || number > kFarthest)) {
      throw corrupt_data(in.section(), ": a pane's number ", number, " is out of range");
    }
  }
  head_.read(in, stream_.keys.size());
}

}  // namespace kedge

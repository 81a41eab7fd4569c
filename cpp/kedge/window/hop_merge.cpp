#include "kedge/window/hop_merge.h"

#include <algorithm>
#include <cstring>

#include "kedge/base/error.h"

namespace kedge {
namespace {

constexpr std::size_t kAhead = 64;

}  // namespace

HopMerge::HopMerge(const Stream& stream, const Grid& grid, GivenWindows& given)
    : stream_(stream),
      grid_(grid),
      given_(given),
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
    given_.forget(grid_.begin_of(first));
    next_window_ = window + 1;
    drop_before(first + step_);
  }
}

void HopMerge::emit_ids(const TimeRange& window, std::span<const Revision> revisions) {
  windows_.assign(ids_.size(), window);
  stream_.emitter.emit(stream_.keys, ids_, {states_, windows_}, revisions);
  ids_.clear();
  states_.clear();
}

void HopMerge::emit_final_ids(const TimeRange& window) {
  std::span<const Revision> revisions;
  if (stream_.spec.updates) revisions = given_.finals(window.begin, ids_);
  emit_ids(window, revisions);
}

// Their states are emptied while they are still at hand.
void HopMerge::emit_pane_ids(Pane& pane) {
  const std::vector<std::uint32_t> ids = ids_;
  emit_final_ids(pane.range);
  for (const std::uint32_t id : ids) stream_.aggregation.reset(pane.states.state(id));
}

void HopMerge::emit_single(Pane& pane) {
  const auto order = stream_.keys.order();
  stream_.emitter.output().reserve(pane.states.used_about());
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
  head_.reserve(stream_.keys.size());
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
      pane.states.reserve(stream_.keys.size());
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

std::vector<const StateTable*> HopMerge::parts_of(std::int64_t first,
                                                  const std::deque<Pane>& panes) const {
  std::vector<const StateTable*> parts;
  auto pane = std::ranges::lower_bound(panes, first, {}, &Pane::number);
  if (block_of(first) < block_of(next_head_)) {
    if (pane != panes.end() && block_of(pane->number) == block_of(first)) {
      parts.push_back(&pane->states);
    }
    if (head_block_ == block_of(first) + 1) parts.push_back(&head_);
    pane = std::ranges::lower_bound(panes, next_head_, {}, &Pane::number);
  }
  for (; pane != panes.end() && pane->number < first + length_; ++pane) {
    parts.push_back(&pane->states);
  }
  return parts;
}

const std::byte* HopMerge::merged(const std::vector<const StateTable*>& parts, std::uint32_t id) {
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
  return only;
}

void HopMerge::emit_window(std::int64_t first, std::deque<Pane>& panes) {
  const TimeRange window = window_at(first);
  if (!stream_.aggregation.owns_memory()) absorb_before(first + length_, panes);
  const auto parts = parts_of(first, panes);
  for (const std::uint32_t id : stream_.keys.order()) {
    const std::byte* const state = merged(parts, id);
    if (state == nullptr) continue;
    ids_.push_back(id);
    states_.push_back(state);
    if (ids_.size() == kOutputBlock) {
      emit_final_ids(window);
      scratch_.reset();
    }
  }
  emit_final_ids(window);
  scratch_.reset();
}

void HopMerge::emit_so_far(std::int64_t first, std::deque<Pane>& panes) {
  const TimeRange window = window_at(first);
  const auto parts = parts_of(first, panes);
  const std::span<Given> given = given_.of(window.begin, stream_.keys.size());
  std::vector<Revision> revisions;
  const auto flush = [&] {
    emit_ids(window, revisions);
    revisions.clear();
    scratch_.reset();
  };
  for (const std::uint32_t id : stream_.keys.order()) {
    std::uint64_t rows = 0;
    for (const StateTable* part : parts) {
      if (part->has_rows(id)) rows += rows_in(part->state(id));
    }
    if (rows == given[id].rows) continue;
    states_.push_back(merged(parts, id));
    ids_.push_back(id);
    revisions.push_back(given[id].give(rows, Standing::kEarly));
    if (ids_.size() == kOutputBlock) flush();
  }
  flush();
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

void HopMerge::read(ByteReader& in, std::int64_t horizon) {
  next_window_ = in.read<std::int64_t>();
  next_head_ = in.read<std::int64_t>();
  head_block_ = in.read<std::int64_t>();
  if (next_window_ > floor_div(horizon - length_, step_) + 1) {
    throw corrupt_data(in.section(), ": window ", next_window_, " is next, of which one is open");
  }
  if (next_head_ > horizon || (head_block_ != INT64_MIN && head_block_ != block_of(next_head_))) {
    throw corrupt_data(in.section(), ": panes before ", next_head_, " are final, in block ",
                       head_block_);
  }
  head_.read(in, stream_.keys.size());
}

}  // namespace kedge

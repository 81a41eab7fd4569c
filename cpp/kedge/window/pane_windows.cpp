#include "kedge/window/pane_windows.h"

#include <algorithm>

#include "kedge/base/error.h"

namespace kedge {
namespace {

// Behind every pane there can be, and behind every watermark.
constexpr std::int64_t kLastPane = INT64_MAX / 4;
constexpr std::int64_t kNever = INT64_MAX;

// Tables that do not fit the second cache together with the rest: their states are asked for before
// they are used.
constexpr std::size_t kLargeTable = std::size_t{1} << 19;

// Four at a time: one maximum after the other would wait for each other.
std::int64_t largest_of(std::span<const std::int64_t> times) noexcept {
  std::int64_t largest[4] = {kNoTime, kNoTime, kNoTime, kNoTime};
  std::size_t i = 0;
  for (; i + 4 <= times.size(); i += 4) {
    for (std::size_t k = 0; k < 4; ++k) largest[k] = std::max(largest[k], times[i + k]);
  }
  for (; i < times.size(); ++i) largest[0] = std::max(largest[0], times[i]);
  return std::max(std::max(largest[0], largest[1]), std::max(largest[2], largest[3]));
}

}  // namespace

PaneWindows::PaneWindows(const Stream& stream, const Type& time)
    : stream_(stream), grid_(stream.spec, time), merge_(stream, grid_, given_) {
  set_horizon();
  set_next_update();
}

std::int64_t PaneWindows::pane_behind_ended(std::int64_t time) const noexcept {
  const std::int64_t step = grid_.panes_per_step(), length = grid_.panes_per_window();
  return floor_div(grid_.pane_of(time) - length, step) * step + length;
}

std::int64_t PaneWindows::next_end(std::int64_t time) const noexcept {
  if (time < grid_.span().begin) return grid_.span().begin;
  if (time >= grid_.span().end) return kNever;
  return grid_.begin_of(pane_behind_ended(time) + grid_.panes_per_step());
}

std::int64_t PaneWindows::first_open_pane() const noexcept {
  return horizon_pane_ + grid_.panes_per_step() - grid_.panes_per_window();
}

void PaneWindows::set_horizon() {
  const std::int64_t watermark = stream_.watermark.value();
  horizon_end_ = next_end(watermark);
  if (watermark < grid_.span().begin) {
    horizon_ = grid_.span().begin;
    horizon_pane_ = -kLastPane;
  } else if (horizon_end_ == kNever) {
    horizon_ = grid_.span().end;
    horizon_pane_ = kLastPane;
  } else {
    horizon_pane_ = pane_behind_ended(watermark);
    horizon_ = grid_.begin_of(horizon_pane_);
  }
}

void PaneWindows::set_next_update() noexcept {
  const std::int64_t front = stream_.watermark.front();
  if (!stream_.spec.updates) {
    next_update_ = kNever;
  } else if (front == kNoTime) {
    next_update_ = -kFarthest;
  } else {
    next_update_ = stream_.trigger == 0 ? next_end(front) : next_multiple(front, stream_.trigger);
  }
}

void PaneWindows::take(const StreamRows& rows) {
  for (std::size_t start = 0; start < rows.times.size();) {
    std::int64_t newest = kNoTime;
    const std::size_t end = segment_end(rows, start, newest);
    fold_rows(rows, start, end);
    stream_.watermark.see(rows.partition, newest);
    close_reached();
    start = end;
  }
}

std::size_t PaneWindows::segment_end(const StreamRows& rows, std::size_t start,
                                     std::int64_t& newest) const {
  std::int64_t trigger = kNever;
  if (horizon_end_ != kNever) {
    trigger = stream_.watermark.reaches(rows.partition, horizon_end_).value_or(kNever);
  }
  if (next_update_ != kNever) {
    const auto update = stream_.watermark.front_reaches(rows.partition, next_update_);
    trigger = std::min(trigger, update.value_or(kNever));
  }
  for (; start < rows.times.size(); start += kFoldRows) {
    const auto block = rows.times.subspan(start, std::min(kFoldRows, rows.times.size() - start));
    const std::int64_t largest = largest_of(block);
    if (largest >= trigger) {
      const auto reached =
          std::ranges::find_if(block, [&](std::int64_t t) { return t >= trigger; });
      const auto length = static_cast<std::size_t>(reached - block.begin()) + 1;
      newest = std::max(newest, largest_of(block.first(length)));
      return start + length;
    }
    newest = std::max(newest, largest);
  }
  return rows.times.size();
}

void PaneWindows::fold_rows(const StreamRows& rows, std::size_t start, std::size_t end) {
  const std::size_t stride = stream_.aggregation.stride();
  const bool is_large = stream_.keys.size() * stride > kLargeTable;
  TimeRange current{0, 0};
  std::byte* base = nullptr;
  for (; start < end; start += kFoldRows) {
    const std::size_t length = std::min(kFoldRows, end - start);
    std::byte** const states = stream_.fold.states();
    const std::int64_t* const times = rows.times.data() + start;
    const std::uint32_t* const ids = rows.ids.data() + start;
    for (std::size_t i = 0; i < length; ++i) {
      if (!current.contains(times[i])) [[unlikely]] {
        Pane* const pane = times[i] < horizon_ ? nullptr : pane_at(times[i]);
        if (pane == nullptr) {
          states[i] = turned_away(rows, start + i);
          continue;
        }
        current = pane->range;
        base = pane->states.data();
      }
      states[i] = base + ids[i] * stride;
      if (is_large) __builtin_prefetch(states[i], 1);
    }
    stream_.fold.run(rows, start, length);
  }
}

std::byte* PaneWindows::turned_away(const StreamRows& rows, std::size_t row) {
  const std::int64_t time = rows.times[row];
  if (stream_.late.takes(row, time)) return stream_.fold.sink();
  if (!grid_.span().contains(time)) {
    stream_.late.note(row, LateReason::kOutsideBounds);
  } else if (!grid_.in_window(grid_.pane_of(time))) {
    ++outside_;
  } else {
    stream_.late.note(row, LateReason::kClosed);
  }
  return stream_.fold.sink();
}

Pane* PaneWindows::pane_at(std::int64_t time) {
  if (!grid_.span().contains(time)) return nullptr;
  const std::int64_t number = grid_.pane_of(time);
  if (!grid_.in_window(number)) return nullptr;
  auto at = std::ranges::lower_bound(panes_, number, {}, &Pane::number);
  if (at == panes_.end() || at->number != number) {
    StateTable states(stream_.aggregation);
    if (!spare_.empty()) {
      states = std::move(spare_.back());
      spare_.pop_back();
    }
    at = panes_.insert(at, {number, grid_.range_of(number), std::move(states)});
  }
  at->states.reserve(stream_.keys.size());
  return &*at;
}

void PaneWindows::close_reached() {
  if (stream_.watermark.value() >= horizon_end_ && horizon_end_ != kNever) {
    set_horizon();
    merge_.emit_before(horizon_pane_, panes_, spare_);
  }
  if (stream_.watermark.front() >= next_update_ && next_update_ != kNever) {
    give_so_far();
    set_next_update();
  }
}

void PaneWindows::give_so_far() {
  const std::int64_t step = grid_.panes_per_step(), length = grid_.panes_per_window();
  // The first window that has this pane or one behind it.
  const auto first_with = [&](std::int64_t pane) { return floor_div(pane - length, step) + 1; };
  std::int64_t window = first_with(horizon_pane_);
  for (auto pane = panes_.begin(); pane != panes_.end(); ++window) {
    window = std::max(window, first_with(pane->number));
    const std::int64_t end = grid_.begin_of(window * step + length);
    if (stream_.trigger == 0 && end > stream_.watermark.front()) return;
    merge_.emit_so_far(window * step, panes_);
    while (pane != panes_.end() && pane->number < (window + 1) * step) ++pane;
  }
}

void PaneWindows::close_all() {
  horizon_ = grid_.span().end;
  horizon_end_ = kNever;
  horizon_pane_ = kLastPane;
  next_update_ = kNever;
  merge_.emit_before(horizon_pane_, panes_, spare_);
}

std::uint64_t PaneWindows::open() const noexcept { return panes_.size(); }

std::size_t PaneWindows::bytes() const noexcept {
  std::size_t total = merge_.bytes() + given_.bytes();
  for (const Pane& pane : panes_) total += pane.states.bytes();
  for (const StateTable& states : spare_) total += states.bytes();
  return total;
}

void PaneWindows::mark_used(std::span<std::uint8_t> used) const noexcept {
  for (const Pane& pane : panes_) pane.states.mark_used(used);
  merge_.mark_used(used);
}

void PaneWindows::renumber(std::span<const std::uint32_t> new_ids, std::size_t size) {
  for (Pane& pane : panes_) pane.states.renumber(new_ids, size);
  merge_.renumber(new_ids, size);
  given_.renumber(new_ids, size);
  spare_.clear();
}

void PaneWindows::write(ByteWriter& out) const {
  out.write(static_cast<std::uint8_t>(horizon_end_ == kNever && horizon_pane_ == kLastPane));
  out.write(outside_);
  out.write_varint(panes_.size());
  for (const Pane& pane : panes_) {
    out.write(pane.number);
    pane.states.write(out);
  }
  merge_.write(out);
  given_.write(out);
}

void PaneWindows::read(ByteReader& in) {
  const bool is_finished = in.read<std::uint8_t>() != 0;
  outside_ = in.read<std::uint64_t>();
  set_horizon();
  set_next_update();
  if (is_finished) close_all();
  const std::uint64_t panes = in.read_varint();
  std::int64_t before = -kLastPane;
  if (horizon_pane_ != -kLastPane) before = first_open_pane() - 1;
  for (std::uint64_t i = 0; i < panes; ++i) {
    const auto number = in.read<std::int64_t>();
    if (number <= before || horizon_pane_ == kLastPane || !grid_.has(number)) {
      throw corrupt_data(in.section(), ": pane ", number, " is none of this definition");
    }
    before = number;
    StateTable states(stream_.aggregation);
    states.read(in, stream_.keys.size());
    panes_.push_back({number, grid_.range_of(number), std::move(states)});
  }
  merge_.read(in, horizon_pane_);
  given_.read(in, stream_.keys.size());
}

}  // namespace kedge

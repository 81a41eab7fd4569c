#include "kedge/window/sliding_windows.h"

#include <algorithm>
#include <cstring>

#include "kedge/base/error.h"
#include "kedge/window/duration.h"

namespace kedge {

SlidingWindows::SlidingWindows(const Stream& stream, const Type& time)
    : stream_(stream),
      by_time_(stream.spec.rows == 0),
      by_run_(!by_time_ && !stream.aggregation.owns_memory()),
      most_rows_(stream.spec.rows),
      expiry_(stream.expire, stream.watermark),
      waiting_(stream.aggregation),
      results_(stream.aggregation) {
  if (by_time_) length_ = ticks_of(stream.spec.length, ticks_per_day(time));
  results_.reserve(by_run_ ? kFoldRows : kOutputBlock);
}

SlidingWindows::Recent& SlidingWindows::recent_of(std::uint32_t id) {
  if (recent_[id] == nullptr) recent_[id] = std::make_unique<Recent>(stream_.aggregation);
  return *recent_[id];
}

void SlidingWindows::take(const StreamRows& rows) {
  recent_.resize(std::max<std::size_t>(recent_.size(), stream_.keys.size()));
  std::size_t length = 0;
  for (std::size_t start = 0; start < rows.times.size(); start += length) {
    length = block_length(rows, start);
    if (by_run_) {
      take_block(rows, start, length);
      forget_expired();
      continue;
    }
    // States must not move while a block points to them.
    make_room(length);
    std::vector<Row> block;
    std::int64_t watermark = stream_.watermark.value();
    for (std::size_t i = 0; i < length; ++i) {
      const std::int64_t time = rows.times[start + i];
      stream_.fold.states()[i] = stream_.fold.sink();
      if (stream_.late.takes(start + i, time)) continue;
      if (by_time_ && time < watermark) {
        stream_.late.note(start + i, LateReason::kClosed);
      } else {
        const std::uint32_t place = free_.back();
        free_.pop_back();
        stream_.fold.states()[i] = waiting_.state(place);
        block.push_back({time, rows.arrival + start + i, rows.ids[start + i], place});
      }
      stream_.watermark.see(rows.partition, time);
      watermark = stream_.watermark.value();
    }
    stream_.fold.run(rows, start, length);
    for (const Row& row : block) {
      if (!by_time_) {
        slide(row);
        continue;
      }
      rows_.push_back(row);
      std::push_heap(rows_.begin(), rows_.end());
    }
    close_reached();
  }
  flush();
}

// Up to the row with which keys are to be looked through.
std::size_t SlidingWindows::block_length(const StreamRows& rows, std::size_t start) const {
  const std::size_t length = std::min(kFoldRows, rows.times.size() - start);
  if (!expiry_.is_on()) return length;
  const auto block = rows.times.subspan(start, length);
  const std::int64_t due = expiry_.due(rows.partition);
  const auto reached = std::ranges::find_if(block, [&](std::int64_t time) { return time >= due; });
  return std::min(length, static_cast<std::size_t>(reached - block.begin()) + 1);
}

std::int64_t SlidingWindows::Recent::newest() const noexcept {
  std::int64_t newest = INT64_MIN;
  for (std::size_t i = first; i < older_times.size(); ++i)
    newest = std::max(newest, older_times[i]);
  for (const std::int64_t time : newer_times) newest = std::max(newest, time);
  return newest;
}

void SlidingWindows::forget_expired() {
  if (!expiry_.is_due()) return;
  const std::int64_t newest = expiry_.take() - stream_.expire;
  for (auto& recent : recent_) {
    if (recent != nullptr && recent->newest() <= newest) recent = nullptr;
  }
}

void SlidingWindows::make_room(std::size_t rows) {
  std::size_t place = waiting_.size();
  waiting_.reserve(waiting_.size() - free_.size() + rows);
  for (; place < waiting_.size(); ++place) free_.push_back(static_cast<std::uint32_t>(place));
}

void SlidingWindows::close_reached() {
  forget_expired();
  while (!rows_.empty() && rows_.front().time <= stream_.watermark.value()) {
    slide(rows_.front());
    std::pop_heap(rows_.begin(), rows_.end());
    rows_.pop_back();
  }
  flush();
}

void SlidingWindows::close_all() {
  while (!rows_.empty()) {
    slide(rows_.front());
    std::pop_heap(rows_.begin(), rows_.end());
    rows_.pop_back();
  }
  flush();
}

// The row's own state goes to the newer ones of its key.
void SlidingWindows::slide(const Row& row) {
  Recent& recent = recent_of(row.id);
  const std::size_t at = recent.newer_times.size();
  recent.newer.reserve(at + 1);
  std::byte* const own = waiting_.state(row.place);
  stream_.aggregation.merge(recent.head.state(0), own);
  std::memcpy(recent.newer.state(static_cast<std::uint32_t>(at)), own,
              stream_.aggregation.stride());
  stream_.aggregation.init(own);  // what it owned has moved
  free_.push_back(row.place);
  recent.newer_times.push_back(row.time);
  let_go(recent, row.time);
  emit(row, recent);
}

void SlidingWindows::let_go(Recent& recent, std::int64_t time) {
  while (by_time_ ? recent.oldest() <= time - length_ : recent.rows() > most_rows_) {
    if (recent.first == recent.older_times.size()) turn(recent);
    stream_.aggregation.reset(recent.older.state(static_cast<std::uint32_t>(recent.first)));
    ++recent.first;
  }
}

void SlidingWindows::turn(Recent& recent) {
  std::swap(recent.older, recent.newer);
  std::swap(recent.older_times, recent.newer_times);
  recent.newer_times.clear();
  recent.first = 0;
  sum_from_end(recent);
  recent.head.reset();
}

// Each of the older rows' states takes in the one behind it.
void SlidingWindows::sum_from_end(Recent& recent) {
  const std::size_t rows = recent.older_times.size();
  if (rows < 2) return;
  const auto last = static_cast<std::uint32_t>(rows - 1);
  if (!stream_.aggregation.owns_memory()) {
    const auto stride = static_cast<std::ptrdiff_t>(stream_.aggregation.stride());
    stream_.aggregation.merge_each(recent.older.state(last - 1), recent.older.state(last), -stride,
                                   rows - 1);
    return;
  }
  for (std::uint32_t behind = last; behind > 0; --behind) {
    stream_.aggregation.merge(recent.older.state(behind - 1), recent.older.state(behind));
  }
}

void SlidingWindows::take_block(const StreamRows& rows, std::size_t start, std::size_t length) {
  std::byte** const states = stream_.fold.states();
  std::int64_t newest = kNoTime;
  for (std::size_t i = 0; i < length; ++i) {
    const std::int64_t time = rows.times[start + i];
    const auto place = static_cast<std::uint32_t>(i);
    states[i] = results_.state(place);
    stream_.aggregation.init(states[i]);
    if (stream_.late.takes(start + i, time)) states[i] = stream_.fold.sink();
    newest = std::max(newest, time);
  }
  const std::vector<std::byte*> taken(states, states + length);
  stream_.fold.run(rows, start, length);
  for (std::size_t at = 0; at < length;) {
    std::size_t end = at + 1;
    if (taken[at] != stream_.fold.sink()) {
      while (end < length && taken[end] != stream_.fold.sink() &&
             rows.ids[start + end] == rows.ids[start + at]) {
        ++end;
      }
      slide_run(rows, start, at, end - at);
    }
    at = end;
  }
  flush();
  stream_.watermark.see(rows.partition, newest);
}

void SlidingWindows::slide_run(const StreamRows& rows, std::size_t start, std::size_t at,
                               std::size_t length) {
  Recent& recent = recent_of(rows.ids[start + at]);
  for (const std::size_t end = at + length; at < end;) {
    if (recent.rows() == most_rows_ && recent.first == recent.older_times.size()) turn(recent);
    const std::size_t first = recent.first;
    const std::size_t older = recent.older_times.size() - first;
    const auto room = static_cast<std::size_t>(most_rows_ - recent.rows());
    const std::size_t some = std::min(end - at, room + older);
    const auto times = rows.times.subspan(start + at, some);
    recent.newer_times.insert(recent.newer_times.end(), times.begin(), times.end());
    slide_states(recent, results_.state(static_cast<std::uint32_t>(at)), some, room);
    for (std::size_t i = 0; i < some; ++i) {
      const std::size_t left = i < room ? 0 : i + 1 - room;
      const std::int64_t oldest =
          left < older ? recent.older_times[first + left] : recent.newer_times.front();
      add_result({times[i], rows.arrival + start + at + i, rows.ids[start + at],
                  static_cast<std::uint32_t>(at + i)},
                 oldest);
    }
    at += some;
  }
}

// StreamRows' own states become their results: in the first `room` of them nothing leaves the
// window, then one of the older ones does for each.
void SlidingWindows::slide_states(Recent& recent, std::byte* states, std::size_t length,
                                  std::size_t room) {
  const Aggregation& aggregation = stream_.aggregation;
  const std::size_t bytes = aggregation.stride();
  const auto stride = static_cast<std::ptrdiff_t>(bytes);
  const std::size_t newer = recent.newer_times.size() - length;
  recent.newer.reserve(newer + length);
  std::memcpy(recent.newer.state(static_cast<std::uint32_t>(newer)), states, length * bytes);
  aggregation.prepend_each(states, recent.head.state(0), stride, 1);
  aggregation.prepend_each(states + bytes, states, stride, length - 1);
  std::memcpy(recent.head.state(0), states + (length - 1) * bytes, bytes);
  const std::size_t older = recent.older_times.size() - recent.first;
  if (older == 0) return;
  const std::byte* const rest = recent.older.state(static_cast<std::uint32_t>(recent.first));
  const std::size_t filling = std::min(length, room);
  for (std::size_t i = 0; i < filling; ++i) {
    aggregation.prepend_each(states + i * bytes, rest, stride, 1);
  }
  const std::size_t leaving = length - filling;
  aggregation.prepend_each(states + filling * bytes, rest + bytes, stride,
                           std::min(leaving, older - 1));
  recent.first += leaving;
}

void SlidingWindows::emit(const Row& row, const Recent& recent) {
  std::byte* const result = results_.state(static_cast<std::uint32_t>(ids_.size()));
  if (recent.first < recent.older_times.size()) {
    stream_.aggregation.merge(result, recent.older.state(static_cast<std::uint32_t>(recent.first)));
  }
  if (recent.head.has_rows(0)) stream_.aggregation.merge(result, recent.head.state(0));
  add_result({row.time, row.arrival, row.id, static_cast<std::uint32_t>(ids_.size())},
             by_time_ ? row.time - length_ : recent.oldest());
}

// The row's place is that of its result.
void SlidingWindows::add_result(const Row& row, std::int64_t oldest) {
  ids_.push_back(row.id);
  states_.push_back(results_.state(row.place));
  windows_.push_back({std::min(oldest, row.time), std::max(oldest, row.time)});
  names_.push_back(row.arrival);
  if (ids_.size() == kOutputBlock) flush();
}

void SlidingWindows::flush() {
  if (ids_.empty()) return;
  stream_.emitter.emit(stream_.keys, ids_, {states_, windows_}, names_);
  if (!by_run_) results_.reset();
  ids_.clear();
  states_.clear();
  windows_.clear();
  names_.clear();
}

std::uint64_t SlidingWindows::open() const noexcept {
  return static_cast<std::uint64_t>(
      std::ranges::count_if(recent_, [](const auto& recent) { return recent != nullptr; }));
}

std::size_t SlidingWindows::bytes() const noexcept {
  std::size_t total = waiting_.bytes() + results_.bytes() + rows_.capacity() * sizeof(Row);
  for (const auto& recent : recent_) {
    if (recent == nullptr) continue;
    total +=
        sizeof *recent + recent->older.bytes() + recent->newer.bytes() + recent->head.bytes() +
        (recent->older_times.capacity() + recent->newer_times.capacity()) * sizeof(std::int64_t);
  }
  return total;
}

// By time, a key without a row for so long has none left in any window to come.
bool SlidingWindows::is_needed(const Recent* recent) const noexcept {
  if (recent == nullptr || !by_time_) return recent != nullptr;
  const auto& times = recent->newer_times.empty() ? recent->older_times : recent->newer_times;
  const std::int64_t watermark = stream_.watermark.value();
  return watermark == kNoTime || times.back() > watermark - length_;
}

void SlidingWindows::mark_used(std::span<std::uint8_t> used) const noexcept {
  for (std::size_t id = 0; id < recent_.size(); ++id) {
    if (is_needed(recent_[id].get())) used[id] = 1;
  }
  for (const Row& row : rows_) used[row.id] = 1;
}

void SlidingWindows::renumber(std::span<const std::uint32_t> new_ids, std::size_t size) {
  std::vector<std::uint8_t> is_used(recent_.size());
  mark_used(is_used);
  std::vector<std::unique_ptr<Recent>> recent(size);
  for (std::size_t id = 0; id < recent_.size(); ++id) {
    if (is_used[id]) recent[new_ids[id]] = std::move(recent_[id]);
  }
  recent_ = std::move(recent);
  for (Row& row : rows_) row.id = new_ids[row.id];
}

void SlidingWindows::write(ByteWriter& out) const {
  const auto write_states = [&](const StateTable& states, const std::vector<std::int64_t>& times,
                                std::size_t first) {
    out.write_varint(times.size() - first);
    for (std::size_t i = first; i < times.size(); ++i) {
      out.write(times[i]);
      stream_.aggregation.write(states.state(static_cast<std::uint32_t>(i)), out);
    }
  };
  for (std::size_t id = 0; id < stream_.keys.size(); ++id) {
    const Recent* const recent = id < recent_.size() ? recent_[id].get() : nullptr;
    out.write(static_cast<std::uint8_t>(recent != nullptr));
    if (recent == nullptr) continue;
    write_states(recent->older, recent->older_times, recent->first);
    write_states(recent->newer, recent->newer_times, 0);
    stream_.aggregation.write(recent->head.state(0), out);
  }
  std::vector<Row> rows = rows_;
  std::ranges::sort(rows, {}, &Row::arrival);
  out.write_varint(rows.size());
  for (const Row& row : rows) {
    out.write(row.time);
    out.write(row.arrival);
    out.write(row.id);
    stream_.aggregation.write(waiting_.state(row.place), out);
  }
}

void SlidingWindows::read(ByteReader& in) {
  const auto read_states = [&](StateTable& states, std::vector<std::int64_t>& times) {
    const std::uint64_t count = in.read_varint();
    for (std::uint64_t i = 0; i < count; ++i) {
      times.push_back(read_time(in));
      states.reserve(times.size());
      stream_.aggregation.read(states.state(static_cast<std::uint32_t>(i)), in);
    }
  };
  recent_.resize(stream_.keys.size());
  expiry_.set_next();
  for (std::uint32_t id = 0; id < recent_.size(); ++id) {
    if (in.read<std::uint8_t>() == 0) continue;
    Recent& recent = recent_of(id);
    read_states(recent.older, recent.older_times);
    read_states(recent.newer, recent.newer_times);
    stream_.aggregation.read(recent.head.state(0), in);
    if (recent.rows() == 0 || (!by_time_ && recent.rows() > most_rows_)) {
      throw corrupt_data(in.section(), ": key ", id, " has ", recent.rows(), " recent rows");
    }
  }
  read_waiting(in);
}

void SlidingWindows::read_waiting(ByteReader& in) {
  const std::uint64_t waiting = in.read_varint();
  if (waiting != 0 && !by_time_) throw corrupt_data(in.section(), ": rows wait for no watermark");
  std::uint64_t before = 0;
  for (std::uint64_t i = 0; i < waiting; ++i) {
    Row row{};
    row.time = in.read<std::int64_t>();
    row.arrival = in.read<std::uint64_t>();
    row.id = in.read<std::uint32_t>();
    row.place = static_cast<std::uint32_t>(i);
    const bool is_in_order = row.arrival < stream_.arrived && (i == 0 || row.arrival > before);
    before = row.arrival;
    if (row.id >= recent_.size() || !is_in_order || row.time <= stream_.watermark.value() ||
        row.time < -kFarthest || row.time >= kFarthest) {
      throw corrupt_data(in.section(), ": waiting row ", i, " is none");
    }
    waiting_.reserve(static_cast<std::size_t>(i) + 1);
    stream_.aggregation.read(waiting_.state(row.place), in);
    rows_.push_back(row);
    std::push_heap(rows_.begin(), rows_.end());
  }
  for (std::size_t place = rows_.size(); place < waiting_.size(); ++place) {
    free_.push_back(static_cast<std::uint32_t>(place));
  }
}

}  // namespace kedge

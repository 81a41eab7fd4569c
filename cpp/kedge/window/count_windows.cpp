#include "kedge/window/count_windows.h"

#include <algorithm>

#include "kedge/base/error.h"

namespace kedge {

CountWindows::CountWindows(const Stream& stream)
    : stream_(stream),
      most_rows_(stream.spec.rows),
      expiry_(stream.expire, stream.watermark),
      states_(stream.aggregation) {}

void CountWindows::take(const StreamRows& rows) {
  states_.reserve(stream_.keys.size());
  open_.resize(states_.size());
  std::size_t start = 0;
  const auto fold_to = [&](std::size_t end) {
    stream_.fold.run(rows, start, end - start);
    start = end;
  };
  std::int64_t newest = kNoTime;
  std::int64_t due = expiry_.due(rows.partition);
  for (std::size_t i = 0; i < rows.times.size(); ++i) {
    if (i - start == kFoldRows) fold_to(i);
    const std::int64_t time = rows.times[i];
    if (stream_.late.takes(i, time)) {
      stream_.fold.states()[i - start] = stream_.fold.sink();
      continue;
    }
    newest = std::max(newest, time);
    const std::uint32_t id = rows.ids[i];
    Open& open = open_[id];
    if (open.rows == 0) open.first = rows.arrival + i;
    open.times = {std::min(open.times.begin, time), std::max(open.times.end, time)};
    stream_.fold.states()[i - start] = states_.state(id);
    if (++open.rows == most_rows_) {
      fold_to(i + 1);
      close({&id, 1});
    }
    if (newest < due) continue;
    fold_to(i + 1);
    stream_.watermark.see(rows.partition, newest);
    close_reached();
    due = expiry_.due(rows.partition);
  }
  fold_to(rows.times.size());
  stream_.watermark.see(rows.partition, newest);
}

void CountWindows::close(std::span<const std::uint32_t> ids) {
  std::vector<const std::byte*> states;
  std::vector<TimeRange> windows;
  std::vector<std::uint64_t> names;
  for (const std::uint32_t id : ids) {
    names.push_back(open_[id].first);
    states.push_back(states_.state(id));
    windows.push_back(open_[id].times);
  }
  stream_.emitter.emit(stream_.keys, ids, {states, windows}, names);
  for (const std::uint32_t id : ids) {
    stream_.aggregation.reset(states_.state(id));
    open_[id] = {};
  }
}

void CountWindows::close_reached() {
  if (expiry_.is_due()) close_up_to(expiry_.take() - stream_.expire);
}

void CountWindows::close_all() { close_up_to(INT64_MAX); }

void CountWindows::close_up_to(std::int64_t newest) {
  std::vector<std::uint32_t> ids;
  for (const std::uint32_t id : stream_.keys.order()) {
    if (!states_.has_rows(id) || open_[id].times.end > newest) continue;
    ids.push_back(id);
    if (ids.size() < kOutputBlock) continue;
    close(ids);
    ids.clear();
  }
  if (!ids.empty()) close(ids);
}

std::uint64_t CountWindows::open() const noexcept {
  return static_cast<std::uint64_t>(
      std::ranges::count_if(open_, [](const Open& open) { return open.rows != 0; }));
}

std::size_t CountWindows::bytes() const noexcept {
  return states_.bytes() + open_.capacity() * sizeof(Open);
}

void CountWindows::renumber(std::span<const std::uint32_t> new_ids, std::size_t size) {
  std::vector<Open> open;
  for (std::size_t id = 0; id < new_ids.size() && id < open_.size(); ++id) {
    if (open_[id].rows == 0) continue;
    open.resize(std::max<std::size_t>(open.size(), new_ids[id] + std::size_t{1}));
    open[new_ids[id]] = open_[id];
  }
  states_.renumber(new_ids, size);
  open.resize(states_.size());
  open_ = std::move(open);
}

void CountWindows::write(ByteWriter& out) const {
  states_.write(out);
  for (std::uint32_t id = 0; id < open_.size(); ++id) {
    if (!states_.has_rows(id)) continue;
    out.write(open_[id].first);
    out.write(open_[id].times.begin);
    out.write(open_[id].times.end);
  }
}

void CountWindows::read(ByteReader& in) {
  states_.read(in, stream_.keys.size());
  open_.resize(states_.size());
  expiry_.set_next();
  for (std::uint32_t id = 0; id < open_.size(); ++id) {
    if (!states_.has_rows(id)) continue;
    open_[id].rows = rows_in(states_.state(id));
    if (open_[id].rows >= most_rows_) {
      throw corrupt_data(in.section(), ": an open window of ", open_[id].rows, " rows");
    }
    open_[id].first = in.read<std::uint64_t>();
    open_[id].times.begin = in.read<std::int64_t>();
    open_[id].times.end = in.read<std::int64_t>();
  }
}

}  // namespace kedge

#include "kedge/window/global_windows.h"

#include <algorithm>

#include "kedge/base/error.h"
#include "kedge/window/duration.h"

namespace kedge {

GlobalWindows::GlobalWindows(const Stream& stream)
    : stream_(stream),
      states_(stream.aggregation),
      updates_(stream.trigger, stream.watermark),
      expiry_(stream.expire, stream.watermark) {}

void GlobalWindows::take(const StreamRows& rows) {
  states_.reserve(stream_.keys.size());
  open_.resize(states_.size());
  given_.resize(stream_.spec.updates ? states_.size() : 0);
  for (std::size_t start = 0; start < rows.times.size();) {
    start = fold_some(rows, start);
    close_reached();
  }
}

std::size_t GlobalWindows::fold_some(const StreamRows& rows, std::size_t start) {
  const std::size_t end = std::min(rows.times.size(), start + kFoldRows);
  const std::uint64_t most_rows =
      stream_.spec.trigger_rows == 0 ? UINT64_MAX : stream_.spec.trigger_rows;
  const std::int64_t due = std::min(expiry_.due(rows.partition), updates_.due(rows.partition));
  std::int64_t newest = kNoTime;
  std::size_t at = start;
  while (at < end && newest < due && rows_ < most_rows) {
    std::byte** const state = stream_.fold.states() + (at - start);
    const std::int64_t time = rows.times[at];
    const std::size_t row = at++;
    if (stream_.late.takes(row, time)) {
      *state = stream_.fold.sink();
      continue;
    }
    ++rows_;
    newest = std::max(newest, time);
    times_ = {std::min(times_.begin, time), std::max(times_.end, time)};
    *state = states_.state(rows.ids[row]);
    Open& open = open_[rows.ids[row]];
    open.first = std::min(open.first, rows.arrival + row);
    open.newest = std::max(open.newest, time);
  }
  stream_.fold.run(rows, start, at - start);
  stream_.watermark.see(rows.partition, newest);
  return at;
}

void GlobalWindows::close_reached() {
  if (expiry_.is_due()) close_up_to(expiry_.take() - stream_.expire);
  const bool is_full = stream_.spec.trigger_rows != 0 && rows_ >= stream_.spec.trigger_rows;
  if (!updates_.is_due() && !is_full) return;
  emit(Standing::kEarly, INT64_MAX);
  rows_ = 0;
  updates_.set_next();
}

void GlobalWindows::close_all() {
  close_up_to(INT64_MAX);
  times_ = {INT64_MAX, INT64_MIN};
}

void GlobalWindows::close_up_to(std::int64_t newest) {
  emit(Standing::kFinal, newest);
  for (std::uint32_t id = 0; id < open_.size(); ++id) {
    if (!states_.has_rows(id) || open_[id].newest > newest) continue;
    stream_.aggregation.reset(states_.state(id));
    open_[id] = {};
    if (stream_.spec.updates) given_[id] = {};
  }
}

void GlobalWindows::emit(Standing standing, std::int64_t newest) {
  std::vector<std::uint32_t> ids;
  std::vector<const std::byte*> states;
  std::vector<std::uint64_t> names;
  std::vector<Revision> revisions;
  const std::vector<TimeRange> windows(kOutputBlock, times_);
  const auto flush = [&] {
    stream_.emitter.emit(stream_.keys, ids, {states, std::span(windows).first(ids.size())}, names,
                         revisions);
    ids.clear();
    states.clear();
    names.clear();
    revisions.clear();
  };
  for (const std::uint32_t id : stream_.keys.order()) {
    if (!states_.has_rows(id) || open_[id].newest > newest) continue;
    const std::uint64_t rows = rows_in(states_.state(id));
    if (standing == Standing::kEarly && given_[id].rows == rows) continue;
    ids.push_back(id);
    states.push_back(states_.state(id));
    names.push_back(open_[id].first);
    if (stream_.spec.updates) revisions.push_back(given_[id].give(rows, standing));
    if (ids.size() == kOutputBlock) flush();
  }
  flush();
}

std::size_t GlobalWindows::bytes() const noexcept {
  return states_.bytes() + open_.capacity() * sizeof(Open) + given_.capacity() * sizeof(Given);
}

void GlobalWindows::renumber(std::span<const std::uint32_t> new_ids, std::size_t size) {
  const std::vector<Open> open = std::move(open_);
  const std::vector<Given> given = std::move(given_);
  const std::size_t known = std::min(new_ids.size(), states_.size());
  std::vector<std::uint32_t> kept;
  for (std::uint32_t id = 0; id < known; ++id) {
    if (states_.has_rows(id)) kept.push_back(id);
  }
  states_.renumber(new_ids, size);
  open_.assign(states_.size(), {});
  given_.assign(given.empty() ? 0 : states_.size(), {});
  for (const std::uint32_t id : kept) {
    open_[new_ids[id]] = open[id];
    if (!given.empty()) given_[new_ids[id]] = given[id];
  }
}

void GlobalWindows::write(ByteWriter& out) const {
  states_.write(out);
  out.write(times_.begin);
  out.write(times_.end);
  out.write(rows_);
  for (std::uint32_t id = 0; id < states_.size(); ++id) {
    if (!states_.has_rows(id)) continue;
    out.write(open_[id].first);
    out.write(open_[id].newest);
    if (stream_.spec.updates) given_[id].write(out);
  }
}

void GlobalWindows::read(ByteReader& in) {
  states_.read(in, stream_.keys.size());
  times_.begin = in.read<std::int64_t>();
  times_.end = in.read<std::int64_t>();
  rows_ = in.read<std::uint64_t>();
  open_.resize(states_.size());
  given_.resize(stream_.spec.updates ? states_.size() : 0);
  for (std::uint32_t id = 0; id < states_.size(); ++id) {
    if (!states_.has_rows(id)) continue;
    open_[id].first = in.read<std::uint64_t>();
    open_[id].newest = in.read<std::int64_t>();
    if (stream_.spec.updates) given_[id].read(in);
  }
  expiry_.set_next();
  updates_.set_next();
}

}  // namespace kedge

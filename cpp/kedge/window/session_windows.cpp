#include "kedge/window/session_windows.h"

#include <algorithm>

#include "kedge/base/error.h"
#include "kedge/window/duration.h"

namespace kedge {

SessionWindows::SessionWindows(const Stream& stream, const Type& time)
    : stream_(stream),
      gap_(ticks_of(stream.spec.gap, ticks_per_day(time))),
      states_(stream.aggregation),
      updates_(step_of_updates(), stream.watermark) {}

std::int64_t SessionWindows::step_of_updates() const noexcept {
  if (!stream_.spec.updates) return 0;
  return stream_.trigger == 0 ? gap_ : stream_.trigger;
}

std::uint32_t SessionWindows::new_session(std::uint32_t id, std::int64_t time, std::uint32_t next) {
  std::uint32_t made = static_cast<std::uint32_t>(sessions_.size());
  if (free_.empty()) {
    sessions_.emplace_back();
  } else {
    made = free_.back();
    free_.pop_back();
  }
  sessions_[made] = {time, time, id, next};
  if (stream_.spec.updates) given_.resize(sessions_.size());
  ++open_;
  push_end(made);
  return made;
}

void SessionWindows::push_end(std::uint32_t session) {
  ends_.push_back({end_of(sessions_[session]), session});
  std::push_heap(ends_.begin(), ends_.end());
}

template <class BeforeMerge>
std::uint32_t SessionWindows::session_of(std::uint32_t id, std::int64_t time,
                                         const BeforeMerge& before_merge) {
  const Chain chain = chains_[id];
  if (chain.last == kNone || time >= sessions_[chain.last].first) return newest_of(id, time);
  std::uint32_t before = kNone;
  std::uint32_t found = chain.first;  // the newest one is behind the row
  while (end_of(sessions_[found]) <= time) {
    before = found;
    found = sessions_[found].next;
  }
  if (time + gap_ <= sessions_[found].first) {
    const std::uint32_t made = new_session(id, time, found);
    (before == kNone ? chains_[id].first : sessions_[before].next) = made;
    return made;
  }
  Session& session = sessions_[found];
  if (time < session.first) {
    retract(found);
    session.first = time;
  }
  session.last = std::max(session.last, time);
  const std::uint32_t next = session.next;
  if (next == kNone || sessions_[next].first >= end_of(session)) return found;
  before_merge();
  session.last = std::max(session.last, sessions_[next].last);
  session.next = sessions_[next].next;
  if (session.next == kNone) chains_[id].last = found;
  retract(next);
  stream_.aggregation.merge(states_.state(found), states_.state(next));
  stream_.aggregation.reset(states_.state(next));
  sessions_[next] = {};
  free_.push_back(next);  // its end in the heap is told by its state, which has no rows
  --open_;
  return found;
}

std::uint32_t SessionWindows::newest_of(std::uint32_t id, std::int64_t time) {
  Chain& chain = chains_[id];
  if (chain.last != kNone && time < end_of(sessions_[chain.last])) {
    Session& newest = sessions_[chain.last];
    newest.last = std::max(newest.last, time);
    return chain.last;
  }
  const std::uint32_t made = new_session(id, time, kNone);
  (chain.last == kNone ? chain.first : sessions_[chain.last].next) = made;
  chain.last = made;
  return made;
}

void SessionWindows::take(const StreamRows& rows) {
  chains_.resize(stream_.keys.size());
  for (std::size_t start = 0; start < rows.times.size();) {
    start = fold_some(rows, start);
    close_reached();
  }
}

bool SessionWindows::is_late(const StreamRows& rows, std::size_t row) {
  const std::int64_t time = rows.times[row];
  if (stream_.late.takes(row, time)) return true;
  const bool is_closed = time + gap_ <= stream_.watermark.value();
  if (is_closed) stream_.late.note(row, LateReason::kClosed);
  return is_closed;
}

std::size_t SessionWindows::fold_some(const StreamRows& rows, std::size_t start) {
  const std::size_t end = std::min(rows.times.size(), start + kFoldRows);
  // Every row may need a state of its own, and states must not move while a block points to them.
  states_.reserve(sessions_.size() + (end - start));
  std::size_t at = start;
  std::size_t folded = start;
  const auto fold = [&] {
    stream_.fold.run(rows, folded, at - folded);
    folded = at;
  };
  while (at < end && (ends_.empty() || stream_.watermark.value() < ends_.front().time) &&
         !updates_.is_due()) {
    std::byte* state = stream_.fold.sink();
    if (!is_late(rows, at)) {
      state = states_.state(session_of(rows.ids[at], rows.times[at], fold));
    }
    stream_.watermark.see(rows.partition, rows.times[at]);
    stream_.fold.states()[at++ - folded] = state;
  }
  fold();
  return at;
}

void SessionWindows::close_reached() {
  const std::int64_t watermark = stream_.watermark.value();
  std::vector<std::uint32_t> closed;
  while (!ends_.empty() && ends_.front().time <= watermark) {
    const std::uint32_t session = ends_.front().session;
    std::pop_heap(ends_.begin(), ends_.end());
    ends_.pop_back();
    if (!states_.has_rows(session)) continue;
    if (end_of(sessions_[session]) > watermark) {
      push_end(session);
    } else {
      closed.push_back(session);
    }
  }
  // A number may stand in the heap twice: of a session that was joined, and of the one that has its
  // number now.
  std::ranges::sort(closed);
  const auto twice = std::ranges::unique(closed);
  closed.erase(twice.begin(), twice.end());
  close(std::move(closed));
  if (!updates_.is_due()) return;
  give_so_far();
  updates_.set_next();
}

void SessionWindows::give_so_far() {
  emit_retractions();
  const std::int64_t front = stream_.watermark.front();
  std::vector<std::uint32_t> changed;
  for (std::uint32_t i = 0; i < sessions_.size(); ++i) {
    if (!states_.has_rows(i) || rows_in(states_.state(i)) == given_[i].given.rows) continue;
    if (stream_.trigger != 0 || end_of(sessions_[i]) <= front) changed.push_back(i);
  }
  sort(changed);
  emit(changed, Standing::kEarly);
}

void SessionWindows::retract(std::uint32_t session) {
  if (!stream_.spec.updates || given_[session].given.times == 0) return;
  GivenSession& was = given_[session];
  retractions_.push_back(
      {sessions_[session].id, was.window, was.given.give(0, Standing::kRetracted)});
  was = {};
}

void SessionWindows::emit_retractions() {
  StateTable none(stream_.aggregation);
  none.reserve(1);
  const std::byte* const state = none.state(0);
  std::ranges::sort(retractions_, [&](const Retraction& a, const Retraction& b) {
    if (a.window.end != b.window.end) return a.window.end < b.window.end;
    if (a.id != b.id) return stream_.keys.before(a.id, b.id);
    return a.window.begin < b.window.begin;
  });
  for (const auto& [id, window, revision] : retractions_) {
    stream_.emitter.emit(stream_.keys, {&id, 1}, {{&state, 1}, {&window, 1}}, {&revision, 1});
  }
  retractions_.clear();
}

void SessionWindows::close_all() {
  std::vector<std::uint32_t> closed;
  for (std::uint32_t i = 0; i < sessions_.size(); ++i) {
    if (states_.has_rows(i)) closed.push_back(i);
  }
  ends_.clear();
  close(std::move(closed));
}

void SessionWindows::unlink(std::uint32_t session) {
  Chain& chain = chains_[sessions_[session].id];
  std::uint32_t before = kNone;
  for (std::uint32_t i = chain.first; i != session; i = sessions_[i].next) before = i;
  (before == kNone ? chain.first : sessions_[before].next) = sessions_[session].next;
  if (chain.last == session) chain.last = before;
  stream_.aggregation.reset(states_.state(session));
  sessions_[session] = {};
  if (stream_.spec.updates) given_[session] = {};
  free_.push_back(session);
  --open_;
}

void SessionWindows::sort(std::vector<std::uint32_t>& sessions) const {
  std::ranges::sort(sessions, [&](std::uint32_t a, std::uint32_t b) {
    const Session &x = sessions_[a], &y = sessions_[b];
    if (x.last != y.last) return x.last < y.last;
    if (x.id != y.id) return stream_.keys.before(x.id, y.id);
    return x.first < y.first;
  });
}

void SessionWindows::emit(std::span<const std::uint32_t> sessions, Standing standing) {
  std::vector<std::uint32_t> ids;
  std::vector<const std::byte*> states;
  std::vector<TimeRange> windows;
  std::vector<Revision> revisions;
  const auto flush = [&] {
    stream_.emitter.emit(stream_.keys, ids, {states, windows}, revisions);
    ids.clear();
    states.clear();
    windows.clear();
    revisions.clear();
  };
  for (const std::uint32_t session : sessions) {
    ids.push_back(sessions_[session].id);
    states.push_back(states_.state(session));
    windows.push_back(window_of(sessions_[session]));
    if (stream_.spec.updates) {
      GivenSession& given = given_[session];
      given.window = windows.back();
      revisions.push_back(given.given.give(rows_in(states.back()), standing));
    }
    if (ids.size() == kOutputBlock) flush();
  }
  flush();
}

void SessionWindows::close(std::vector<std::uint32_t> sessions) {
  if (sessions.empty()) return;
  emit_retractions();
  sort(sessions);
  emit(sessions, Standing::kFinal);
  for (const std::uint32_t session : sessions) unlink(session);
}

std::size_t SessionWindows::bytes() const noexcept {
  return states_.bytes() + sessions_.capacity() * sizeof(Session) +
         free_.capacity() * sizeof(std::uint32_t) + chains_.capacity() * sizeof(Chain) +
         ends_.capacity() * sizeof(End) + given_.capacity() * sizeof(GivenSession) +
         retractions_.capacity() * sizeof(Retraction);
}

void SessionWindows::mark_used(std::span<std::uint8_t> used) const noexcept {
  for (std::uint32_t i = 0; i < sessions_.size(); ++i) {
    if (states_.has_rows(i)) used[sessions_[i].id] = 1;
  }
  for (const Retraction& retraction : retractions_) used[retraction.id] = 1;
}

void SessionWindows::renumber(std::span<const std::uint32_t> new_ids, std::size_t size) {
  std::vector<Chain> chains(size);
  for (std::size_t id = 0; id < chains_.size(); ++id) {
    if (chains_[id].first != kNone) chains[new_ids[id]] = chains_[id];
  }
  chains_ = std::move(chains);
  for (std::uint32_t i = 0; i < sessions_.size(); ++i) {
    if (states_.has_rows(i)) sessions_[i].id = new_ids[sessions_[i].id];
  }
  for (Retraction& retraction : retractions_) retraction.id = new_ids[retraction.id];
}

void SessionWindows::write_given(const GivenSession& given, ByteWriter& out) {
  given.given.write(out);
  out.write(given.window.begin);
  out.write(given.window.end);
}

SessionWindows::GivenSession SessionWindows::read_given(ByteReader& in) {
  GivenSession given;
  given.given.read(in);
  given.window.begin = in.read<std::int64_t>();
  given.window.end = in.read<std::int64_t>();
  return given;
}

void SessionWindows::write(ByteWriter& out) const {
  out.write_varint(open_);
  for (const Chain& chain : chains_) {
    for (std::uint32_t i = chain.first; i != kNone; i = sessions_[i].next) {
      out.write(sessions_[i].first);
      out.write(sessions_[i].last);
      out.write(sessions_[i].id);
      stream_.aggregation.write(states_.state(i), out);
      if (stream_.spec.updates) write_given(given_[i], out);
    }
  }
  out.write_varint(retractions_.size());
  for (const Retraction& retraction : retractions_) {
    out.write(retraction.id);
    out.write(retraction.window.begin);
    out.write(retraction.window.end);
    out.write(retraction.revision.number);
  }
}

void SessionWindows::read(ByteReader& in) {
  const std::uint64_t count = in.read_varint();
  chains_.resize(stream_.keys.size());
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto first = in.read<std::int64_t>();
    const auto last = in.read<std::int64_t>();
    const auto id = in.read<std::uint32_t>();
    if (id >= stream_.keys.size() || first > last || first < -kFarthest || last > kFarthest) {
      throw corrupt_data(in.section(), ": session ", i, " of key ", id, " is none");
    }
    // In rising order of time within each key, so that a new one goes to the end of its chain.
    const std::uint32_t tail = chains_[id].last;
    if (tail != kNone && first < end_of(sessions_[tail])) {
      throw corrupt_data(in.section(), ": session ", i, " of key ", id, " overlaps another");
    }
    const std::uint32_t made = newest_of(id, first);
    sessions_[made].last = last;
    states_.reserve(sessions_.size());
    stream_.aggregation.read(states_.state(made), in);
    if (!states_.has_rows(made)) throw corrupt_data(in.section(), ": a session without rows");
    if (stream_.spec.updates) given_[made] = read_given(in);
  }
  read_retractions(in);
  updates_.set_next();
}

void SessionWindows::read_retractions(ByteReader& in) {
  const std::uint64_t count = in.read_varint();
  for (std::uint64_t i = 0; i < count; ++i) {
    Retraction& retraction = retractions_.emplace_back();
    retraction.id = in.read<std::uint32_t>();
    retraction.window.begin = in.read<std::int64_t>();
    retraction.window.end = in.read<std::int64_t>();
    retraction.revision = {in.read<std::uint32_t>(), Standing::kRetracted};
    if (retraction.id >= stream_.keys.size() || !stream_.spec.updates) {
      throw corrupt_data(in.section(), ": a retraction of key ", retraction.id, " is none");
    }
  }
}

}  // namespace kedge

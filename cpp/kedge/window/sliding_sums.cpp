#include "kedge/window/sliding_sums.h"

#include <algorithm>
#include <numeric>

#include "kedge/base/error.h"

namespace kedge {
namespace {

// A plain state is columns of one.
WordColumns one(std::vector<std::byte>& state) noexcept {
  return {state.data(), sizeof(std::uint64_t)};
}

}  // namespace

SlidingSums::SlidingSums(const Stream& stream)
    : stream_(stream),
      most_rows_(stream.spec.rows),
      results_(stream.aggregation),
      is_taken_(kFoldRows),
      windows_(kFoldRows),
      names_(kOutputBlock) {
  results_.reserve(kFoldRows);
}

SlidingSums::Recent& SlidingSums::recent_of(std::uint32_t id) {
  if (recent_[id] == nullptr) recent_[id] = std::make_unique<Recent>(stream_.aggregation);
  return *recent_[id];
}

void SlidingSums::take(const StreamRows& rows) {
  recent_.resize(std::max<std::size_t>(recent_.size(), stream_.keys.size()));
  stream_.emitter.output().reserve(rows.times.size());
  for (std::size_t start = 0; start < rows.times.size(); start += kFoldRows) {
    take_block(rows, start, std::min(kFoldRows, rows.times.size() - start));
  }
}

void SlidingSums::take_block(const StreamRows& rows, std::size_t start, std::size_t length) {
  std::int64_t newest = kNoTime;
  for (std::size_t i = 0; i < length; ++i) {
    is_taken_[i] = !stream_.late.takes(start + i, rows.times[start + i]);
    newest = std::max(newest, rows.times[start + i]);
  }
  const auto inputs = stream_.aggregation.inputs().read(start, length);
  std::size_t emitted = 0;
  for (std::size_t at = 0; at < length;) {
    std::size_t end = at + 1;
    if (is_taken_[at] == 0) {
      emit(rows, start, emitted, at - emitted);
      emitted = end;
    } else {
      const std::uint32_t id = rows.ids[start + at];
      while (end < length && is_taken_[end] != 0 && rows.ids[start + end] == id) ++end;
      slide(recent_of(id), {inputs, at, rows.times.subspan(start + at, end - at)});
    }
    at = end;
  }
  emit(rows, start, emitted, length - emitted);
  stream_.watermark.see(rows.partition, newest);
}

void SlidingSums::slide(Recent& recent, Run run) {
  while (!run.times.empty()) {
    if (recent.rows() == most_rows_ && recent.older_rows() == 0) turn(recent);
    const auto room = static_cast<std::size_t>(most_rows_ - recent.rows());
    const std::size_t some = std::min(run.times.size(), room + recent.older_rows());
    const Run now{run.inputs, run.at, run.times.first(some)};
    recent.newer_times.insert(recent.newer_times.end(), now.times.begin(), now.times.end());
    if (!stream_.spec.time.empty()) note_windows(recent, now, room);
    sum(recent, now, room);
    run = {run.inputs, run.at + some, run.times.subspan(some)};
  }
}

// In the first `room` of the rows nothing leaves the window, then an older one does for each.
void SlidingSums::sum(Recent& recent, const Run& run, std::size_t room) {
  const std::size_t length = run.times.size();
  const std::size_t newer = recent.newer_times.size() - length;
  recent.newer.reserve(newer + length);
  const std::size_t filling = std::min(length, room);
  const std::size_t leaving = length - filling;
  const std::size_t joined = std::min(leaving, std::max<std::size_t>(recent.older_rows(), 1) - 1);
  for (const ColumnPiece& piece : stream_.aggregation.column_pieces()) {
    const auto own = [&](const WordColumns& columns) { return columns.from_word(piece.word); };
    const WordColumns results = own(results_.from(run.at));
    const Values values =
        piece.input == ColumnPiece::kAllRows ? Values{} : run.inputs[piece.input].from(run.at);
    piece.merges->single(own(recent.newer.from(newer)), values.doubles, values.keep, length);
    piece.merges->single(results, values.doubles, values.keep, length);
    piece.merges->prepend_one(results, own(one(recent.head)), 1);
    piece.merges->sum_forward(results, length);
    for (std::size_t w = piece.word; w < piece.word + piece.words; ++w) {
      *one(recent.head).word<std::uint64_t>(w) =
          results_.from(run.at + length - 1).word<std::uint64_t>(w)[0];
    }
    if (recent.older_rows() == 0) continue;
    const WordColumns older = own(recent.older.from(recent.first));
    piece.merges->prepend_one(results, older, filling);
    piece.merges->prepend_each(results.from(filling), older.from(1), joined);
  }
  recent.first += leaving;
}

void SlidingSums::note_windows(const Recent& recent, const Run& run, std::size_t room) {
  for (std::size_t i = 0; i < run.times.size(); ++i) {
    const std::size_t left = recent.first + (i < room ? 0 : i + 1 - room);
    const std::int64_t oldest =
        left < recent.older_times.size() ? recent.older_times[left] : recent.newer_times.front();
    const auto [begin, end] = std::minmax(oldest, run.times[i]);
    windows_[run.at + i] = {begin, end};
  }
}

void SlidingSums::turn(Recent& recent) {
  std::swap(recent.older, recent.newer);
  std::swap(recent.older_times, recent.newer_times);
  recent.newer_times.clear();
  recent.first = 0;
  for (const ColumnPiece& piece : stream_.aggregation.column_pieces()) {
    piece.merges->sum_backward(recent.older.from(0).from_word(piece.word),
                               recent.older_times.size());
  }
  stream_.aggregation.init(recent.head.data());
}

void SlidingSums::emit(const StreamRows& rows, std::size_t start, std::size_t at,
                       std::size_t length) {
  for (const std::size_t end = at + length; at < end;) {
    const std::size_t some = std::min(kOutputBlock, end - at);
    std::iota(names_.begin(), names_.begin() + static_cast<std::ptrdiff_t>(some),
              rows.arrival + start + at);
    stream_.emitter.emit(stream_.keys, rows.ids.subspan(start + at, some),
                         {{}, std::span(windows_).subspan(at, some), results_.from(at)},
                         std::span(names_).first(some));
    at += some;
  }
}

std::uint64_t SlidingSums::open() const noexcept {
  return static_cast<std::uint64_t>(
      std::ranges::count_if(recent_, [](const auto& recent) { return recent != nullptr; }));
}

std::size_t SlidingSums::bytes() const noexcept {
  std::size_t total = results_.bytes();
  for (const auto& recent : recent_) {
    if (recent == nullptr) continue;
    total +=
        sizeof *recent + recent->older.bytes() + recent->newer.bytes() + recent->head.size() +
        (recent->older_times.capacity() + recent->newer_times.capacity()) * sizeof(std::int64_t);
  }
  return total;
}

void SlidingSums::mark_used(std::span<std::uint8_t> used) const noexcept {
  for (std::size_t id = 0; id < recent_.size(); ++id) {
    if (recent_[id] != nullptr) used[id] = 1;
  }
}

void SlidingSums::renumber(std::span<const std::uint32_t> new_ids, std::size_t size) {
  std::vector<std::unique_ptr<Recent>> recent(size);
  for (std::size_t id = 0; id < recent_.size(); ++id) {
    if (recent_[id] != nullptr) recent[new_ids[id]] = std::move(recent_[id]);
  }
  recent_ = std::move(recent);
}

void SlidingSums::write(ByteWriter& out) const {
  std::vector<std::byte> state(stream_.aggregation.stride());
  const auto write_states = [&](const StateColumns& states, const std::vector<std::int64_t>& times,
                                std::size_t first) {
    out.write_varint(times.size() - first);
    for (std::size_t i = first; i < times.size(); ++i) {
      out.write(times[i]);
      states.get(i, state.data());
      stream_.aggregation.write(state.data(), out);
    }
  };
  for (std::size_t id = 0; id < stream_.keys.size(); ++id) {
    const Recent* const recent = id < recent_.size() ? recent_[id].get() : nullptr;
    out.write(static_cast<std::uint8_t>(recent != nullptr));
    if (recent == nullptr) continue;
    write_states(recent->older, recent->older_times, recent->first);
    write_states(recent->newer, recent->newer_times, 0);
    stream_.aggregation.write(recent->head.data(), out);
  }
  out.write_varint(0);  // no row waits
}

void SlidingSums::read(ByteReader& in) {
  std::vector<std::byte> state(stream_.aggregation.stride());
  const auto read_states = [&](StateColumns& states, std::vector<std::int64_t>& times) {
    const std::uint64_t count = in.read_varint();
    for (std::uint64_t i = 0; i < count; ++i) {
      times.push_back(in.read<std::int64_t>());
      if (times.back() < -kFarthest || times.back() >= kFarthest) {
        throw corrupt_data(in.section(), ": ", times.back(), " is no time");
      }
      states.reserve(times.size());
      stream_.aggregation.read(state.data(), in);
      states.put(times.size() - 1, state.data());
    }
  };
  recent_.resize(stream_.keys.size());
  for (std::uint32_t id = 0; id < recent_.size(); ++id) {
    if (in.read<std::uint8_t>() == 0) continue;
    Recent& recent = recent_of(id);
    read_states(recent.older, recent.older_times);
    read_states(recent.newer, recent.newer_times);
    stream_.aggregation.read(recent.head.data(), in);
    if (recent.rows() == 0) throw corrupt_data(in.section(), ": key ", id, " has no recent rows");
    if (recent.rows() > most_rows_) {
      throw corrupt_data(in.section(), ": key ", id, " has ", recent.rows(), " recent rows of ",
                         most_rows_);
    }
  }
  if (in.read_varint() != 0) throw corrupt_data(in.section(), ": rows wait for no watermark");
}

}  // namespace kedge

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
      recent_(stream.aggregation),
      results_(stream.aggregation),
      is_taken_(kFoldRows),
      windows_(kFoldRows),
      names_(kOutputBlock) {
  results_.reserve(kFoldRows);
}

void SlidingSums::take(const StreamRows& rows) {
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
  for (std::size_t at = 0; at < length; ++at) {
    if (is_taken_[at] == 0) continue;
    const std::size_t first = at;
    while (at < length && is_taken_[at] != 0) ++at;
    slide({inputs, first, rows.times.subspan(start + first, at - first)});
    emit(rows, start, first, at - first);
  }
  stream_.watermark.see(rows.partition, newest);
}

void SlidingSums::slide(Run run) {
  while (!run.times.empty()) {
    if (recent_.rows() == most_rows_ && recent_.older_rows() == 0) turn();
    const auto room = static_cast<std::size_t>(most_rows_ - recent_.rows());
    const std::size_t some = std::min(run.times.size(), room + recent_.older_rows());
    const Run now{run.inputs, run.at, run.times.first(some)};
    recent_.newer_times.insert(recent_.newer_times.end(), now.times.begin(), now.times.end());
    if (!stream_.spec.time.empty()) note_windows(now, room);
    sum(now, room);
    run = {run.inputs, run.at + some, run.times.subspan(some)};
  }
}

// In the first `room` of the rows nothing leaves the window, then an older one does for each.
void SlidingSums::sum(const Run& run, std::size_t room) {
  const std::size_t length = run.times.size();
  const std::size_t newer = recent_.newer_times.size() - length;
  recent_.newer.reserve(newer + length);
  const std::size_t filling = std::min(length, room);
  const std::size_t leaving = length - filling;
  const std::size_t joined = std::min(leaving, std::max<std::size_t>(recent_.older_rows(), 1) - 1);
  for (const ColumnPiece& piece : stream_.aggregation.column_pieces()) {
    const auto own = [&](const WordColumns& columns) { return columns.from_word(piece.word); };
    const WordColumns results = own(results_.from(run.at));
    const Values values =
        piece.input == ColumnPiece::kAllRows ? Values{} : run.inputs[piece.input].from(run.at);
    piece.merges->single(own(recent_.newer.from(newer)), values.doubles, values.keep, length);
    piece.merges->single(results, values.doubles, values.keep, length);
    piece.merges->prepend_one(results, own(one(recent_.head)), 1);
    piece.merges->sum_forward(results, length);
    for (std::size_t w = piece.word; w < piece.word + piece.words; ++w) {
      *one(recent_.head).word<std::uint64_t>(w) =
          results_.from(run.at + length - 1).word<std::uint64_t>(w)[0];
    }
    if (recent_.older_rows() == 0) continue;
    const WordColumns older = own(recent_.older.from(recent_.first));
    piece.merges->prepend_one(results, older, filling);
    piece.merges->prepend_each(results.from(filling), older.from(1), joined);
  }
  recent_.first += leaving;
}

void SlidingSums::note_windows(const Run& run, std::size_t room) {
  for (std::size_t i = 0; i < run.times.size(); ++i) {
    const std::size_t left = recent_.first + (i < room ? 0 : i + 1 - room);
    const std::int64_t oldest =
        left < recent_.older_times.size() ? recent_.older_times[left] : recent_.newer_times.front();
    const auto [begin, end] = std::minmax(oldest, run.times[i]);
    windows_[run.at + i] = {begin, end};
  }
}

void SlidingSums::turn() {
  std::swap(recent_.older, recent_.newer);
  std::swap(recent_.older_times, recent_.newer_times);
  recent_.newer_times.clear();
  recent_.first = 0;
  for (const ColumnPiece& piece : stream_.aggregation.column_pieces()) {
    piece.merges->sum_backward(recent_.older.from(0).from_word(piece.word),
                               recent_.older_times.size());
  }
  stream_.aggregation.init(recent_.head.data());
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

std::uint64_t SlidingSums::open() const noexcept { return recent_.rows() != 0 ? 1 : 0; }

std::size_t SlidingSums::bytes() const noexcept {
  return results_.bytes() + recent_.older.bytes() + recent_.newer.bytes() + recent_.head.size() +
         (recent_.older_times.capacity() + recent_.newer_times.capacity()) * sizeof(std::int64_t);
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
  out.write(static_cast<std::uint8_t>(recent_.rows() != 0));
  if (recent_.rows() != 0) {
    write_states(recent_.older, recent_.older_times, recent_.first);
    write_states(recent_.newer, recent_.newer_times, 0);
    stream_.aggregation.write(recent_.head.data(), out);
  }
  out.write_varint(0);  // no row waits
}

void SlidingSums::read(ByteReader& in) {
  std::vector<std::byte> state(stream_.aggregation.stride());
  const auto read_states = [&](StateColumns& states, std::vector<std::int64_t>& times) {
    const std::uint64_t count = in.read_varint();
    for (std::uint64_t i = 0; i < count; ++i) {
      times.push_back(read_time(in));
      states.reserve(times.size());
      stream_.aggregation.read(state.data(), in);
      states.put(times.size() - 1, state.data());
    }
  };
  if (in.read<std::uint8_t>() != 0) {
    read_states(recent_.older, recent_.older_times);
    read_states(recent_.newer, recent_.newer_times);
    stream_.aggregation.read(recent_.head.data(), in);
    if (recent_.rows() == 0 || recent_.rows() > most_rows_) {
      throw corrupt_data(in.section(), ": ", recent_.rows(), " recent rows of ", most_rows_);
    }
  }
  if (in.read_varint() != 0) throw corrupt_data(in.section(), ": rows wait for no watermark");
}

}  // namespace kedge

#include "kedge/edge/spool.h"

#include <algorithm>
#include <utility>

#include "kedge/base/error.h"
#include "kedge/base/sort.h"

namespace kedge::edge {
namespace {

constexpr std::uint64_t kLeastSegments = 4;
constexpr std::uint64_t kLeastSegmentBytes = 1024;

// So that names sort as the numbers do.
std::string name_of(const SpoolPlace& place) {
  std::string name;
  for (int shift = 60; shift >= 0; shift -= 4) {
    name += "0123456789abcdef"[place.sequence >> shift & 15];
  }
  return name + ".segment";
}

SpoolGap joined(const SpoolGap& older, SpoolGap newer) {
  if (older.last + 1 != newer.first) return newer;
  newer.first = older.first;
  newer.first_event = older.first_event;
  return newer;
}

// Whether a segment can come behind records that end there, with a hole between them or none.
bool goes_on(const SpoolPlace& end, const SpoolPlace& first) {
  if (end.sequence == first.sequence) return end == first;
  return end.life == first.life && end.sequence < first.sequence && end.event <= first.event;
}

}  // namespace

void SpoolLimits::check() const {
  if (segment_bytes < kLeastSegmentBytes) {
    throw invalid_argument("spool.segment_bytes = ", segment_bytes, " is below ",
                           kLeastSegmentBytes);
  }
  if (pending_bytes < kLeastSegmentBytes) {
    throw invalid_argument("spool.buffer_bytes = ", pending_bytes, " is below ",
                           kLeastSegmentBytes);
  }
  const std::uint64_t least = kLeastSegments * (segment_bytes + pending_bytes);
  if (bytes < least) {
    throw invalid_argument("spool.bytes = ", bytes, " is below ", least,
                           ", four segments and what they may exceed");
  }
}

Spool::Spool(Storage& storage, const SpoolLimits& limits, std::string_view device,
             std::uint64_t life)
    : storage_(&storage), limits_(limits), place_(first_place(device, life)) {
  limits_.check();
  recover();
  pending_.reserve(limits_.pending_bytes);
}

SpoolPlace Spool::look_through(SegmentReader& reader, std::uint64_t limit) {
  while (reader.place().sequence < limit) {
    const auto record = reader.next();
    if (!record) break;
    if (record->kind == RecordKind::kGap) gap_ = SpoolGap::from_bytes(record->payload);
    if (record->kind == RecordKind::kSketch) {
      last_sketch_.assign(record->payload.begin(), record->payload.end());
    }
  }
  return reader.place();
}

// A hole is what has rotted, or was received or dropped: a folder forgets what it was not flushed
// for, and older segments come back. Only a receiver can tell, so what is before a hole stays.
void Spool::recover() {
  std::vector<std::string> names = storage_->names();
  sort_few(names);
  std::vector<std::pair<Segment, std::vector<std::byte>>> found;
  for (std::string& name : names) {
    std::vector<std::byte> bytes = storage_->read(name);
    const auto reader = SegmentReader::open(bytes);
    if (reader && name == name_of(reader->place())) {
      const std::size_t size = bytes.size();
      found.emplace_back(Segment{std::move(name), reader->place(), {}, size}, std::move(bytes));
    } else {
      storage_->remove(name);
    }
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    auto& [segment, bytes] = found[i];
    if (!segments_.empty() && !goes_on(segments_.back().end, segment.first)) {
      for (const Segment& old : segments_) storage_->remove(old.name);
      segments_.clear();
      gap_.reset();
    }
    auto reader = *SegmentReader::open(bytes);
    const bool is_last = i + 1 == found.size();
    segment.end = look_through(reader, is_last ? UINT64_MAX : found[i + 1].first.first.sequence);
    segments_.push_back(std::move(segment));
  }
  if (!segments_.empty()) place_ = segments_.back().end;
  written_ = durable_ = place_;
  if (segments_.empty()) return;
  durable_ = segments_.back().first;
  tail_is_synced_ = last_is_durable_ = false;
  for (const Segment& segment : segments_) stats_.bytes += segment.bytes;
  stats_.segments = segments_.size();
}

bool Spool::append(RecordKind kind, std::uint32_t events, std::span<const std::byte> payload) {
  const std::size_t size = kRecordHeader + payload.size();
  if (size > limits_.pending_bytes) {
    throw resource_exhausted("a record of ", size, " bytes, spool.buffer_bytes is ",
                             limits_.pending_bytes);
  }
  if (pending_.size() + size > limits_.pending_bytes) return false;
  write_record(pending_, place_, kind, events, payload);
  stats_.payload_bytes += payload.size();
  return true;
}

bool Spool::tick() {
  if (!tail_is_synced_) {
    ++stats_.syncs;
    storage_->sync(segments_.back().name);
    tail_is_synced_ = last_is_durable_ = true;
    durable_ = written_;
    drop_segments(acknowledged_);
    return true;
  }
  if (has_rotten_end()) {
    begin_segment();
    tail_is_synced_ = false;
    return true;
  }
  if (pending_.size() == 0) return false;
  if (!is_open_ || segments_.back().bytes >= limits_.segment_bytes) {
    begin_segment();
  } else {
    write_pending();
  }
  return true;
}

void Spool::begin_segment() {
  is_open_ = false;
  Segment segment{name_of(written_), written_, written_, kSegmentHeader};
  if (!segments_.empty() && segments_.back().name == segment.name) {
    stats_.bytes -= segments_.back().bytes;
    segments_.pop_back();
  }
  storage_->remove(segment.name);  // what is left of one that could not be written
  ByteWriter header;
  write_segment_header(header, written_);
  storage_->append(segment.name, header.view());
  ++stats_.syncs;
  storage_->sync_folder();
  stats_.written_bytes += kSegmentHeader;
  stats_.bytes += kSegmentHeader;
  segments_.push_back(std::move(segment));
  stats_.segments = segments_.size();
  is_open_ = true;
  last_is_durable_ = false;
}

// So many of the oldest segments as make room for what is to be written; the record of it is
// written with it.
void Spool::plan_gap() {
  coming_gap_.reset();
  std::uint64_t size = stats_.bytes + pending_.size() + kRecordHeader + sizeof(SpoolGap);
  std::size_t dropped = 0;
  while (size > limits_.bytes && dropped + 1 < segments_.size()) size -= segments_[dropped++].bytes;
  if (dropped == 0) return;
  const SpoolPlace& first = segments_.front().first;
  const SpoolPlace& kept = segments_[dropped].first;
  if (kept.sequence == first.sequence) return;
  const SpoolGap gap{first.sequence, kept.sequence - 1, first.event, kept.event, kept.chain};
  coming_gap_ = gap_ ? joined(*gap_, gap) : gap;
  const std::vector<std::byte> payload = coming_gap_->to_bytes();
  write_record(pending_, place_, RecordKind::kGap, 0, payload);
  for (std::size_t i = 0; i < dropped; ++i) count_dropped(segments_[i].first, segments_[i].end);
}

void Spool::write_pending() {
  if (!coming_gap_) plan_gap();
  is_open_ = false;  // until nothing has failed
  Segment& segment = segments_.back();
  storage_->append(segment.name, pending_.view());
  ++stats_.syncs;
  storage_->sync(segment.name);
  is_open_ = last_is_durable_ = true;
  segment.bytes += pending_.size();
  stats_.bytes += pending_.size();
  stats_.written_bytes += pending_.size();
  pending_.clear();
  segment.end = written_ = durable_ = place_;
  if (coming_gap_) gap_ = std::exchange(coming_gap_, std::nullopt);
  drop_segments(acknowledged_);
}

// The last one stays, and tells the next start where the numbers are.
void Spool::drop_segments(std::uint64_t before) {
  if (gap_) before = std::max(before, gap_->last + 1);
  while (last_is_durable_ && segments_.size() > 1 && segments_[1].first.sequence <= before) {
    storage_->remove(segments_.front().name);
    stats_.bytes -= segments_.front().bytes;
    segments_.pop_front();
  }
  stats_.segments = segments_.size();
}

void Spool::acknowledge(std::uint64_t sequence) {
  acknowledged_ = std::max(acknowledged_, std::min(sequence, durable_.sequence));
  if (tail_is_synced_) drop_segments(acknowledged_);
  if (gap_ && gap_->last < acknowledged_) gap_.reset();
}

std::optional<SpoolGap> Spool::gap(std::uint64_t sequence) const {
  if (!tail_is_synced_) return std::nullopt;
  if (gap_ && gap_->first <= sequence && sequence <= gap_->last) return gap_;
  SpoolPlace end;  // of all before the segment; what was before the first one is not known
  for (const Segment& segment : segments_) {
    const SpoolPlace& first = segment.first;
    if (gap_ && first.sequence <= gap_->last) continue;
    if (sequence < first.sequence) {
      return SpoolGap{end.sequence, first.sequence - 1, end.event, first.event, first.chain};
    }
    end = segment.end;
    if (sequence < end.sequence) return std::nullopt;
  }
  return std::nullopt;
}

void Spool::read(std::uint64_t sequence, const std::function<bool(const SpoolRecord&)>& use) {
  if (gap_) sequence = std::max(sequence, gap_->last + 1);
  for (Segment& segment : segments_) {
    const std::uint64_t limit = std::min(durable_.sequence, segment.end.sequence);
    if (limit <= sequence) continue;
    const std::vector<std::byte> bytes = storage_->read(segment.name);
    auto reader = SegmentReader::open(bytes);
    while (reader && reader->place().sequence < limit) {
      const auto record = reader->next();
      if (!record) break;
      if (record->place.sequence >= sequence && !use(*record)) return;
    }
    const SpoolPlace& end = reader ? reader->place() : segment.first;
    if (end.sequence < limit) lose(segment, end);
  }
}

void Spool::lose(Segment& segment, const SpoolPlace& end) {
  const SpoolPlace before = std::exchange(segment.end, end);
  count_dropped(end, before);
  throw corrupt_data("\"", segment.name, "\": records ", end.sequence, " to ", before.sequence - 1,
                     " cannot be read, and are lost");
}

// Records of such a segment stand behind what nobody can read, so others go into another one. It
// also keeps their numbers over a restart, from which a gap may be told.
bool Spool::has_rotten_end() const noexcept {
  return !segments_.empty() && segments_.back().end.sequence < written_.sequence;
}

void Spool::count_dropped(const SpoolPlace& first, const SpoolPlace& end) noexcept {
  stats_.dropped_events += end.event - first.event;
  stats_.dropped_records += end.sequence - first.sequence;
}

}  // namespace kedge::edge

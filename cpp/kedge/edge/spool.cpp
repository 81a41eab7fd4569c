#include "kedge/edge/spool.h"

#include <algorithm>
#include <utility>

#include "kedge/base/error.h"
#include "kedge/base/sort.h"

namespace kedge::edge {
namespace {

constexpr std::uint64_t kLeastSegments = 4;
constexpr std::uint64_t kLeastSegmentBytes = 1024;

constexpr std::string_view kEnding = ".segment";
constexpr const char* kPart = "life.segment.part";  // of a life that has not begun

// So that names sort as the numbers do.
std::string name_of(const SpoolPlace& place) {
  std::string name;
  for (int shift = 60; shift >= 0; shift -= 4) {
    name += "0123456789abcdef"[place.sequence >> shift & 15];
  }
  return name.append(kEnding);
}

// The folder may have files of others.
bool is_segment(std::string_view name) {
  return name.find_first_not_of("0123456789abcdef") == 16 && name.substr(16) == kEnding;
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

// What a segment has before `limit`; the newest of each.
struct Found {
  SpoolPlace end;
  std::optional<SpoolGap> gap;
  std::span<const std::byte> sketch;
};

Found look_through(SegmentReader& reader, std::uint64_t limit) {
  Found found;
  while (reader.place().sequence < limit) {
    const auto record = reader.next();
    if (!record) break;
    if (record->kind == RecordKind::kGap) found.gap = SpoolGap::from_bytes(record->payload);
    if (record->kind == RecordKind::kSketch) found.sketch = record->payload;
  }
  found.end = reader.place();
  return found;
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
    : storage_(&storage), limits_(limits), first_(first_place(device, life)), place_(first_) {
  limits_.check();
  recover();
  pending_.reserve(limits_.pending_bytes);
}

// A hole is what has rotted, or was received or dropped: a folder forgets what it was not flushed
// for, and older segments come back. Only a receiver can tell, so what is before a hole stays.
// Newest first: no more than one segment is in memory.
void Spool::recover() {
  std::vector<std::string> names = storage_->names();
  sort_few(names);
  bool is_whole = true;
  for (; !names.empty(); names.pop_back()) {
    const std::string& name = names.back();
    if (is_segment(name) ? !is_found(name, is_whole) : name == kPart) storage_->remove(name);
  }
  if (!segments_.empty()) place_ = segments_.back().end;
  written_ = durable_ = place_;
  if (segments_.empty()) return;
  durable_ = segments_.back().first;
  tail_is_synced_ = last_is_durable_ = false;
  for (const Segment& segment : segments_) stats_.bytes += segment.bytes;
  stats_.segments = segments_.size();
}

// Whether it belongs before the segments that were found: `is_whole` while all of their life do. A
// later life has all that was to be kept of those before.
bool Spool::is_found(const std::string& name, bool& is_whole) {
  const std::vector<std::byte> bytes = storage_->read(name);
  auto reader = SegmentReader::open(bytes);
  if (!reader || name != name_of(reader->place())) return false;
  const SpoolPlace first = reader->place();
  if (!segments_.empty() && first.life < segments_.front().first.life) return false;
  if (!segments_.empty() && first.life > segments_.front().first.life) {
    for (const Segment& old : segments_) storage_->remove(old.name);
    segments_.clear();
    gap_.reset();
    last_sketch_.clear();
    is_whole = true;
  }
  const std::uint64_t limit = segments_.empty() ? UINT64_MAX : segments_.front().first.sequence;
  const Found found = look_through(*reader, limit);
  if (last_sketch_.empty()) last_sketch_.assign(found.sketch.begin(), found.sketch.end());
  is_whole = is_whole && (segments_.empty() || goes_on(found.end, segments_.front().first));
  if (!is_whole) return false;
  if (!gap_) gap_ = found.gap;
  segments_.push_front({name, first, found.end, bytes.size()});
  return true;
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

// All in one file that takes its name when it is whole, so that a power cut leaves one life or the
// other.
void Spool::begin_life(const SpoolPlace& sent) {
  if (!tail_is_synced_) tick();
  SpoolPlace from = sent;
  if (const auto& gap = coming_gap_ ? coming_gap_ : gap_; gap && gap->last >= from.sequence) {
    from = {from.life, gap->last + 1, gap->end_event, gap->chain};
  }
  const SpoolPlace begin = first_that_fits(from);
  SpoolPlace place = first_;
  place.life = place_.life + 1;
  place.sequence = begin.sequence - sent.sequence;
  place.event = begin.event - sent.event;
  Segment segment{name_of(place), place, {}, 0};
  const std::vector<std::byte> bytes = rewritten(begin, place);
  storage_->remove(kPart);
  storage_->append(kPart, bytes);
  storage_->sync(kPart);
  storage_->rename(kPart, segment.name);
  storage_->sync_folder();
  stats_.syncs += 2;
  stats_.written_bytes += bytes.size();
  for (const Segment& old : segments_) {
    if (old.name != segment.name) storage_->remove(old.name);
  }
  count_dropped(from, begin);
  stats_.bytes = segment.bytes = bytes.size();
  stats_.segments = 1;
  segment.end = place_ = written_ = durable_ = place;
  segments_.clear();
  segments_.push_back(std::move(segment));
  pending_.clear();
  gap_.reset();
  coming_gap_.reset();
  acknowledged_ = 0;
  is_open_ = true;
}

// Of the records from there on the newest that have room beside those that are not written.
SpoolPlace Spool::first_that_fits(const SpoolPlace& from) const {
  std::uint64_t size = pending_.size();
  SpoolPlace first = written_;
  for (auto segment = segments_.rbegin(); segment != segments_.rend(); ++segment) {
    size += segment->bytes;
    if (segment->end.sequence <= from.sequence || size > limits_.pending_bytes) break;
    first = segment->first;
  }
  return first.sequence < from.sequence ? from : first;
}

// A segment at `place`, which is moved behind it, of the records from `begin` on. Gaps have other
// numbers there, and sketches count what an earlier life has told.
std::vector<std::byte> Spool::rewritten(const SpoolPlace& begin, SpoolPlace& place) {
  ByteWriter out;
  out.reserve(kSegmentHeader + limits_.pending_bytes);
  write_segment_header(out, place);
  const auto add = [&](const SpoolRecord& record) {
    if (record.kind == RecordKind::kGap || record.kind == RecordKind::kSketch) return true;
    write_record(out, place, record.kind, record.events, record.payload);
    return true;
  };
  read(begin.sequence, add);
  SegmentReader pending(pending_.view(), written_);
  while (const auto record = pending.next()) add(*record);
  return out.take();
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

// Store and forward: records are kept in segments until a receiver has them. After a power cut at
// any moment there are all records up to some moment, at least those that durable() told of.
//
// Beyond the cap the oldest segment goes, and a gap record says which records and events that were.
// What has rotted is lost up to the next segment; what is before it and behind it is kept.
// Nothing is written or flushed but in tick(), which makes at most one call that waits for the
// disk, and in begin_life().
//
// Thread safety: one caller at a time.
#pragma once

#include <deque>
#include <functional>
#include <optional>

#include "kedge/base/storage.h"
#include "kedge/edge/spool_record.h"

namespace kedge::edge {

struct SpoolLimits {
  std::uint64_t bytes = std::uint64_t{64} << 20;  // of all segments
  std::uint64_t segment_bytes = std::uint64_t{1} << 20;
  std::uint64_t pending_bytes = std::uint64_t{1} << 22;  // not yet written

  // Throws InvalidArgument that names the limit: there is room for four segments.
  void check() const;
};

struct SpoolStats {
  std::uint64_t payload_bytes = 0;
  std::uint64_t written_bytes = 0;
  std::uint64_t syncs = 0;
  std::uint64_t segments = 0;
  std::uint64_t bytes = 0;           // on the disk
  std::uint64_t dropped_events = 0;  // since the start
  std::uint64_t dropped_records = 0;
};

class Spool {
 public:
  // Finds what is in the storage, which outlives it. `life` tells a new folder from one that was
  // lost: any number that was not used before.
  Spool(Storage& storage, const SpoolLimits& limits, std::string_view device, std::uint64_t life);

  // Kept in memory until a tick; false when there is no room before one.
  bool append(RecordKind kind, std::uint32_t events, std::span<const std::byte> payload);
  // One step of what is to be done on the disk; false when that is nothing. A step that threw is
  // tried again by the next tick, in a new segment: the old one's end may be anything.
  bool tick();

  // Of the next record.
  const SpoolPlace& end() const noexcept { return place_; }
  // The first record that a power cut may take.
  const SpoolPlace& durable() const noexcept { return durable_; }
  // What stands where a receiver wants record `sequence`, when that was dropped or cannot be read;
  // none before the first tick.
  std::optional<SpoolGap> gap(std::uint64_t sequence) const;
  // The newest sketch that was found at the start; empty when there was none.
  const std::vector<std::byte>& last_sketch() const noexcept { return last_sketch_; }

  // The receiver has all records before `sequence`, or knows that they are in a gap.
  void acknowledge(std::uint64_t sequence);
  // Durable records from `sequence` on but for those in gaps, oldest first, until `use` says false.
  // Throws CorruptData where a segment has rotted, once: from then on that is a gap.
  void read(std::uint64_t sequence, const std::function<bool(const SpoolRecord&)>& use);

  // The receiver has other records than those from `sent` on, which it was never sent: the newest
  // segment has rotted, or the folder is an older one. They become the first ones of another life,
  // the oldest of what exceeds limits.pending_bytes a gap before them; sketches are left out, as
  // those of two lives add. Waits for the disk. Where it throws, nothing has changed.
  void begin_life(const SpoolPlace& sent);

  const SpoolStats& stats() const noexcept { return stats_; }

 private:
  struct Segment {
    std::string name;
    SpoolPlace first;
    SpoolPlace end;  // behind what can be read
    std::uint64_t bytes = 0;
  };

  void recover();
  bool is_found(const std::string& name, bool& is_whole);
  SpoolPlace first_that_fits(const SpoolPlace& from) const;
  std::vector<std::byte> rewritten(const SpoolPlace& begin, SpoolPlace& place);
  void begin_segment();
  bool has_rotten_end() const noexcept;
  void lose(Segment& segment, const SpoolPlace& end);
  void count_dropped(const SpoolPlace& first, const SpoolPlace& end) noexcept;
  void plan_gap();
  void write_pending();
  void drop_segments(std::uint64_t before);

  Storage* storage_;
  SpoolLimits limits_;
  SpoolPlace first_;  // of a new folder
  SpoolPlace place_;
  SpoolPlace durable_;
  SpoolPlace written_;  // where pending_ begins
  std::deque<Segment> segments_;
  bool tail_is_synced_ = true;   // of the segment that was the last one at the start
  bool is_open_ = false;         // the last segment takes records
  bool last_is_durable_ = true;  // so that those before it may go
  ByteWriter pending_;
  std::optional<SpoolGap> gap_;
  std::optional<SpoolGap> coming_gap_;  // not yet durable
  std::uint64_t acknowledged_ = 0;
  std::vector<std::byte> last_sketch_;
  SpoolStats stats_;
};

}  // namespace kedge::edge

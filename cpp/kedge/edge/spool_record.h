// The bytes of store and forward: segments of records, each with a checksum that also covers its
// place, and a chain of hashes through all of them. docs/formats.md, "Spool segment".
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kedge/base/bytes.h"
#include "kedge/base/sha256.h"

namespace kedge::edge {

enum class RecordKind : std::uint8_t {
  kStart,   // which device and model the next records are of
  kScores,  // of `events` events
  kSketch,  // what was counted so far: replaces the sketches before it
  kGap,     // which records were dropped for lack of space
  kState,   // which model runs, and what became of the last candidate
};
inline constexpr std::uint8_t kRecordKinds = 5;
inline constexpr std::size_t kMostRecordBytes = (std::size_t{1} << 24) - 1;

// Where a record stands: numbers that are not stored with each of them.
struct SpoolPlace {
  std::uint64_t life = 0;      // of the folder: numbers begin anew in a new one
  std::uint64_t sequence = 0;  // of the record, from 0
  std::uint64_t event = 0;     // events in all records before it
  Sha256Sum chain{};           // over all records before it

  friend bool operator==(const SpoolPlace&, const SpoolPlace&) = default;
};

// The place of the first record that a device keeps in a new folder.
SpoolPlace first_place(std::string_view device, std::uint64_t life);

struct SpoolRecord {
  SpoolPlace place;
  RecordKind kind = RecordKind::kScores;
  std::uint32_t events = 0;
  std::span<const std::byte> payload;
};

inline constexpr std::size_t kSegmentHeader = 72;
inline constexpr std::size_t kRecordHeader = 12;

void write_segment_header(ByteWriter& out, const SpoolPlace& place);
// Moves `place` behind the record. Throws ResourceExhausted beyond kMostRecordBytes.
void write_record(ByteWriter& out, SpoolPlace& place, RecordKind kind, std::uint32_t events,
                  std::span<const std::byte> payload);

// Records until the bytes end or are none: a segment's end may be torn.
class SegmentReader {
 public:
  // None when the header is not whole.
  static std::optional<SegmentReader> open(std::span<const std::byte> segment);
  // Records that go on from `place`, without a header.
  SegmentReader(std::span<const std::byte> records, const SpoolPlace& place)
      : bytes_(records), place_(place) {}

  std::optional<SpoolRecord> next();
  // Of the next record.
  const SpoolPlace& place() const noexcept { return place_; }
  std::size_t position() const noexcept { return at_; }
  bool at_end() const noexcept { return at_ == bytes_.size(); }

 private:
  std::span<const std::byte> bytes_;
  SpoolPlace place_;
  std::size_t at_ = 0;
};

// What was dropped, oldest first and without a hole: records first .. last.
struct SpoolGap {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint64_t first_event = 0;
  std::uint64_t end_event = 0;  // the first one that was kept
  Sha256Sum chain{};            // behind `last`

  std::vector<std::byte> to_bytes() const;
  // Throws CorruptData.
  static SpoolGap from_bytes(std::span<const std::byte> bytes);
  friend bool operator==(const SpoolGap&, const SpoolGap&) = default;
};

}  // namespace kedge::edge

#include "kedge/edge/spool_record.h"

#include <algorithm>

#include "kedge/base/error.h"
#include "kedge/base/hash.h"

namespace kedge::edge {
namespace {

constexpr std::string_view kMark = "KEDGESPL";
constexpr std::uint32_t kVersion = 1;

void add_place(ByteWriter& out, const SpoolPlace& place) {
  out.write(place.life);
  out.write(place.sequence);
  out.write(place.event);
}

// A record that was written for another place does not pass.
std::uint32_t seed_of(const SpoolPlace& place) {
  const std::uint64_t words[] = {place.life, place.sequence, place.event};
  return crc32c(std::as_bytes(std::span(words)));
}

Sha256Sum chain_behind(const SpoolPlace& place, std::span<const std::byte> record) {
  const std::uint64_t words[] = {place.life, place.sequence, place.event};
  Sha256 hash;
  hash.add(place.chain);
  hash.add(std::as_bytes(std::span(words)));
  hash.add(record);
  return hash.finish();
}

void move_behind(SpoolPlace& place, std::uint32_t events, std::span<const std::byte> record) {
  place.chain = chain_behind(place, record);
  ++place.sequence;
  place.event += events;
}

}  // namespace

SpoolPlace first_place(std::string_view device, std::uint64_t life) {
  Sha256 hash;
  hash.add(as_bytes(device));
  SpoolPlace place;
  place.life = life;
  place.chain = hash.finish();
  return place;
}

void write_segment_header(ByteWriter& out, const SpoolPlace& place) {
  ByteWriter header;
  header.write_bytes(as_bytes(kMark));
  header.write(kVersion);
  add_place(header, place);
  header.write_bytes(place.chain);
  header.write(crc32c(header.view()));
  out.write_bytes(header.view());
}

void write_record(ByteWriter& out, SpoolPlace& place, RecordKind kind, std::uint32_t events,
                  std::span<const std::byte> payload) {
  if (payload.size() > kMostRecordBytes) {
    throw resource_exhausted("a record of ", payload.size(), " bytes, at most ", kMostRecordBytes,
                             " are kept");
  }
  const std::size_t start = out.size();
  out.write(std::uint32_t{0});
  out.write(static_cast<std::uint32_t>(payload.size() << 8 | static_cast<std::size_t>(kind)));
  out.write(events);
  out.write_bytes(payload);
  const auto checked = out.view().subspan(start + sizeof(std::uint32_t));
  const std::uint32_t checksum = crc32c(checked, seed_of(place));
  out.overwrite(start, std::as_bytes(std::span(&checksum, 1)));
  move_behind(place, events, checked);
}

std::optional<SegmentReader> SegmentReader::open(std::span<const std::byte> segment) {
  if (segment.size() < kSegmentHeader) return std::nullopt;
  ByteReader in(segment.first(kSegmentHeader), "segment");
  const bool is_ours = as_text(in.read_bytes(kMark.size())) == kMark;
  const auto version = in.read<std::uint32_t>();
  SpoolPlace place;
  place.life = in.read<std::uint64_t>();
  place.sequence = in.read<std::uint64_t>();
  place.event = in.read<std::uint64_t>();
  const auto chain = in.read_bytes(kSha256Bytes);
  std::copy(chain.begin(), chain.end(), place.chain.begin());
  const std::uint32_t wanted = crc32c(segment.first(in.position()));
  if (!is_ours || in.read<std::uint32_t>() != wanted) return std::nullopt;
  if (version > kVersion) {
    throw unsupported("segment: version ", version, ", this program reads up to ", kVersion);
  }
  return SegmentReader(segment.subspan(kSegmentHeader), place);
}

std::optional<SpoolRecord> SegmentReader::next() {
  if (bytes_.size() - at_ < kRecordHeader) return std::nullopt;
  ByteReader in(bytes_.subspan(at_), "record");
  const auto checksum = in.read<std::uint32_t>();
  const auto word = in.read<std::uint32_t>();
  const std::size_t length = word >> 8;
  if ((word & 0xff) >= kRecordKinds || length > in.remaining() - sizeof(std::uint32_t)) {
    return std::nullopt;
  }
  const auto checked = in.slice(sizeof(std::uint32_t), kRecordHeader - 4 + length);
  if (crc32c(checked, seed_of(place_)) != checksum) return std::nullopt;
  SpoolRecord record{place_, static_cast<RecordKind>(word & 0xff), in.read<std::uint32_t>(),
                     checked.subspan(kRecordHeader - 4)};
  move_behind(place_, record.events, checked);
  at_ += kRecordHeader + length;
  return record;
}

std::vector<std::byte> SpoolGap::to_bytes() const {
  ByteWriter out;
  for (const std::uint64_t word : {first, last, first_event, end_event}) out.write(word);
  out.write_bytes(chain);
  return out.take();
}

SpoolGap SpoolGap::from_bytes(std::span<const std::byte> bytes) {
  ByteReader in(bytes, "gap record");
  SpoolGap gap;
  for (std::uint64_t* const word : {&gap.first, &gap.last, &gap.first_event, &gap.end_event}) {
    *word = in.read<std::uint64_t>();
  }
  const auto chain = in.read_bytes(kSha256Bytes);
  std::copy(chain.begin(), chain.end(), gap.chain.begin());
  in.expect_end();
  if (gap.last < gap.first || gap.end_event < gap.first_event || gap.last == UINT64_MAX) {
    throw corrupt_data("gap record: ", gap.first, " to ", gap.last, ", events ", gap.first_event,
                       " to ", gap.end_event);
  }
  return gap;
}

}  // namespace kedge::edge

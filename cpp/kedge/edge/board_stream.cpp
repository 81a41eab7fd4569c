#include "kedge/edge/board_stream.h"

#include <algorithm>

#include "kedge/base/error.h"

namespace kedge::edge {
namespace {

constexpr std::size_t kHelloStart = 20;                  // before the device's name
constexpr std::size_t kGapBytes = 4 * 8 + kSha256Bytes;  // behind a byte that says it comes
constexpr std::size_t kSketchKey = 8 + kSha256Bytes;     // epoch and model

void check_number(std::string_view name, std::uint64_t number) {
  if (number < kMostNumber) return;
  throw corrupt_data("upload: ", name, " is ", number, ", at most ", kMostNumber - 1);
}

void check_place(const SpoolPlace& place) {
  check_number("life", place.life);
  check_number("number of a record", place.sequence);
  check_number("events", place.event);
}

bool same_sketch(const SpoolRecord& a, const SpoolRecord& b) {
  return a.kind == RecordKind::kSketch && a.payload.size() >= kSketchKey &&
         b.payload.size() >= kSketchKey &&
         std::ranges::equal(a.payload.first(kSketchKey), b.payload.first(kSketchKey));
}

}  // namespace

void BoardStream::feed(std::span<const std::byte> bytes) {
  in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(at_));
  at_ = 0;
  in_.insert(in_.end(), bytes.begin(), bytes.end());
  while (step()) {
  }
}

bool BoardStream::step() {
  switch (phase_) {
    case Phase::kHello:
      return read_hello();
    case Phase::kProof:
      return read_proof();
    case Phase::kGap:
      return read_gap();
    case Phase::kHeader:
      return read_header();
    case Phase::kGreeted:
    case Phase::kProved:
      if (!rest().empty()) throw corrupt_data("upload: bytes before the answer to the greeting");
      return false;
    case Phase::kRecords:
      return false;
  }
  return false;
}

bool BoardStream::read_hello() {
  const auto bytes = rest();
  const std::size_t seen = std::min(bytes.size(), kUploadMark.size());
  if (as_text(bytes.first(seen)) != kUploadMark.substr(0, seen)) {
    throw corrupt_data("upload: no greeting of a board");
  }
  if (bytes.size() <= kHelloStart) return false;
  ByteReader in(bytes, "upload");
  in.read_bytes(kUploadMark.size());
  hello_.version = in.read<std::uint32_t>();
  hello_.life = in.read<std::uint64_t>();
  const auto length = in.read<std::uint8_t>();
  if (hello_.version != kKeylessUpload && hello_.version != kKeyedUpload) {
    throw unsupported("upload: version ", hello_.version, ", this program speaks 1 and 2");
  }
  check_number("life", hello_.life);
  if (length == 0 || length > kMostDeviceName) {
    throw corrupt_data("upload: a device's name of ", +length, " bytes, 1 to ", kMostDeviceName);
  }
  if (in.remaining() < length) return false;
  hello_.device = as_text(in.read_bytes(length));
  at_ += in.position();
  phase_ = Phase::kGreeted;
  return true;
}

bool BoardStream::read_proof() {
  if (rest().size() < kSha256Bytes) return false;
  std::ranges::copy(rest().first(kSha256Bytes), proof_.begin());
  at_ += kSha256Bytes;
  phase_ = Phase::kProved;
  return true;
}

void BoardStream::begin(const SpoolPlace& next) {
  intake_.emplace(next);
  phase_ = Phase::kGap;
}

bool BoardStream::read_gap() {
  const auto bytes = rest();
  if (bytes.empty()) return false;
  if (bytes[0] > std::byte{1}) {
    throw corrupt_data("upload: ", static_cast<int>(bytes[0]), " where 0 or 1 says of a gap");
  }
  const bool has_gap = bytes[0] == std::byte{1};
  if (has_gap) {
    if (bytes.size() <= kGapBytes) return false;
    const SpoolGap gap = SpoolGap::from_bytes(bytes.subspan(1, kGapBytes));
    check_number("number of a record", gap.last);
    check_number("events", gap.end_event);
    intake_->take_gap(gap);
  }
  at_ += 1 + (has_gap ? kGapBytes : 0);
  phase_ = Phase::kHeader;
  return true;
}

bool BoardStream::read_header() {
  if (rest().size() < kSegmentHeader) return false;
  const auto reader = SegmentReader::open(rest().first(kSegmentHeader));
  if (!reader) throw corrupt_data("upload: the records' header is damaged");
  const SpoolPlace& wanted = intake_->next();
  if (reader->place() != wanted) {
    throw corrupt_data("upload: records from ", reader->place().sequence, " at event ",
                       reader->place().event, ": wanted is ", wanted.sequence, " at event ",
                       wanted.event, ", behind the records that are here");
  }
  at_ += kSegmentHeader;
  phase_ = Phase::kRecords;
  return true;
}

std::optional<SpoolRecord> BoardStream::next() {
  const auto bytes = rest();
  if (bytes.size() < kRecordHeader) return std::nullopt;
  ByteReader in(bytes, "upload");
  const std::size_t length = kRecordHeader + (in.at<std::uint32_t>(sizeof(std::uint32_t)) >> 8);
  if (bytes.size() < length) return std::nullopt;
  SegmentReader reader(bytes.first(length), intake_->next());
  const auto record = reader.next();
  if (!record) {
    throw corrupt_data("upload: record ", intake_->next().sequence,
                       " is damaged, or of a kind "
                       "that this program does not know");
  }
  check_place(reader.place());
  intake_->take(*record, reader.place());
  at_ += length;
  return record;
}

std::vector<SpoolRecord> BoardStream::take(bool with_scores) {
  std::vector<SpoolRecord> found;
  if (phase_ != Phase::kRecords) return found;
  while (const auto record = next()) {
    if (record->kind == RecordKind::kScores && !with_scores) continue;
    const auto before = std::ranges::find_if(
        found, [&](const SpoolRecord& other) { return same_sketch(other, *record); });
    if (before != found.end()) {
      *before = *record;
    } else {
      found.push_back(*record);
    }
  }
  return found;
}

}  // namespace kedge::edge

// Any bytes are a board's upload up to some place: memory stays bounded by what came, and what is
// said of them does not depend on how they are cut. They are read as they are, and once more with
// checksums and chain made right, so that the fuzzer reaches what is behind those.

#include <algorithm>
#include <vector>

#include "frames.h"
#include "fuzz.h"
#include "kedge/edge/board_stream.h"
#include "kedge/sketch/profile_shape.h"

namespace kedge {
namespace {

using edge::BoardStream;
using edge::RecordKind;
using edge::SpoolPlace;
using Phase = edge::BoardStream::Phase;

constexpr std::size_t kSketchStart = 40;

struct Told {
  SpoolPlace place;
  Phase phase = Phase::kHello;
  std::uint64_t records = 0;

  friend bool operator==(const Told&, const Told&) = default;
};

// What a shape reads in place is what Profile::from_bytes reads.
void look_at(std::span<const std::byte> stored) {
  const auto profile = Profile::from_bytes(stored);
  const auto shape = std::make_shared<const ProfileShape>(profile);
  const auto rows = shape->rows_of(stored);
  if (!rows) return;  // an older version, which is read and not written
  fuzz_check(*rows == profile.row_count());
  ProfileSum sum(shape);
  fuzz_check(sum.add(stored));
  fuzz_check(sum.to_bytes() == profile.to_bytes());
}

void look_at(const edge::SpoolRecord& record) {
  if (record.kind != RecordKind::kSketch || record.payload.size() <= kSketchStart) return;
  try {
    look_at(record.payload.subspan(kSketchStart));
  } catch (const Error&) {
  }
}

void answer(BoardStream& stream) {
  if (stream.phase() == Phase::kGreeted && stream.hello().version == edge::kKeyedUpload) {
    stream.ask_proof();
  } else if (stream.phase() == Phase::kGreeted || stream.phase() == Phase::kProved) {
    stream.begin(edge::first_place(stream.hello().device, stream.hello().life));
  }
}

// A board sends what follows an answer only after it, so bytes come one at a time until then.
Told told(std::span<const std::byte> bytes, std::size_t piece) {
  BoardStream stream;
  Told out;
  try {
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t most = stream.phase() < Phase::kGap ? 1 : piece;
      const std::size_t some = std::min(most, bytes.size() - at);
      stream.feed(bytes.subspan(at, some));
      at += some;
      fuzz_check(stream.waiting() <= at);
      for (const edge::SpoolRecord& record : stream.take(true)) look_at(record);
      answer(stream);
    }
  } catch (const Error&) {
  }
  out.phase = stream.phase();
  if (out.phase < Phase::kGap) return out;
  out.place = stream.intake().next();
  out.records = stream.intake().counts().records;
  return out;
}

// A greeting, a gap or none, and the bytes cut into records by the lengths that stand in them.
std::vector<std::byte> repaired(std::span<const std::byte> bytes) {
  constexpr std::string_view kDevice = "pump";
  SpoolPlace place = edge::first_place(kDevice, 1);
  ByteReader in(bytes, "seed");
  ByteWriter out;
  out.write_bytes(as_bytes(edge::kUploadMark));
  out.write(edge::kKeylessUpload);
  out.write(place.life);
  out.write_string(kDevice);
  const auto last = in.read<std::uint8_t>();
  out.write(static_cast<std::uint8_t>(last > 0));
  if (last > 0) {
    place.sequence = last + 1;
    out.write_bytes(edge::SpoolGap{0, last, 0, 0, place.chain}.to_bytes());
  }
  write_segment_header(out, place);
  while (in.remaining() > 4) {
    const auto word = in.read<std::uint32_t>();
    const auto part = in.read_bytes(std::min<std::size_t>(word >> 8, in.remaining()));
    std::vector<std::byte> payload(part.begin(), part.end());
    reseal(payload);
    write_record(out, place, static_cast<RecordKind>(word & 7), word & 0xff, payload);
  }
  return out.take();
}

}  // namespace
}  // namespace kedge

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = kedge::fuzz_bytes(data, size);
  kedge::fuzz_check(kedge::told(bytes, 1 << 20) == kedge::told(bytes, 7));
  if (size == 0) return 0;
  const auto right = kedge::repaired(bytes);
  kedge::fuzz_check(kedge::told(right, 1 << 20) == kedge::told(right, 7));
  return 0;
}

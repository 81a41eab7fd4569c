#include "kedge/edge/board_stream.h"

#include <algorithm>

#include "check.h"
#include "kedge/base/random.h"

namespace kedge {
namespace {

using edge::BoardStream;
using edge::RecordKind;
using edge::SpoolGap;
using edge::SpoolPlace;
using Phase = edge::BoardStream::Phase;

constexpr std::uint64_t kLife = 5;

std::vector<std::byte> hello(std::uint32_t version, std::string_view name) {
  ByteWriter out;
  out.write_bytes(as_bytes(edge::kUploadMark));
  out.write(version);
  out.write(kLife);
  out.write_string(name);
  return out.take();
}

std::vector<std::byte> sketch(std::uint64_t epoch, std::string_view counts) {
  ByteWriter out;
  out.write(epoch);
  out.write_bytes(Sha256Sum{});
  out.write_bytes(as_bytes(counts));
  return out.take();
}

// No gap, a header, three records of scores with sketches between them.
std::vector<std::byte> records(SpoolPlace& place) {
  ByteWriter out;
  out.write(std::uint8_t{0});
  write_segment_header(out, place);
  write_record(out, place, RecordKind::kStart, 0, as_bytes("{}"));
  write_record(out, place, RecordKind::kScores, 2, as_bytes("0123456789abcdef"));
  write_record(out, place, RecordKind::kSketch, 0, sketch(1, "old"));
  write_record(out, place, RecordKind::kSketch, 0, sketch(2, "other"));
  write_record(out, place, RecordKind::kScores, 1, as_bytes("01234567"));
  write_record(out, place, RecordKind::kSketch, 0, sketch(1, "new"));
  write_record(out, place, RecordKind::kState, 0, as_bytes("{}"));
  return out.take();
}

BoardStream greeted() {
  BoardStream stream;
  stream.feed(hello(1, "pump"));
  stream.begin(edge::first_place("pump", kLife));
  return stream;
}

}  // namespace

TEST("records come once and in order, however the bytes are cut") {
  SpoolPlace place = edge::first_place("pump", kLife);
  const auto bytes = records(place);
  Random random(9);
  for (int round = 0; round < 50; ++round) {
    BoardStream stream = greeted();
    std::vector<std::string> payloads;
    for (std::size_t at = 0; at < bytes.size();) {
      const auto most = static_cast<std::size_t>(1 + random.uniform() * 60);
      const std::size_t some = std::min(most, bytes.size() - at);
      stream.feed(std::span(bytes).subspan(at, some));
      for (const auto& record : stream.take(true)) {
        payloads.emplace_back(as_text(record.payload));
      }
      at += some;
    }
    CHECK(stream.intake().next() == place);
    CHECK(stream.intake().counts().records == 7);
    CHECK(stream.intake().counts().events == 3);
    CHECK(payloads.front() == "{}");
    CHECK(stream.waiting() == 0);
  }
}

TEST("of a sketch that was replaced only the newest is told, of scores their number alone") {
  SpoolPlace place = edge::first_place("pump", kLife);
  BoardStream stream = greeted();
  stream.feed(records(place));
  const auto found = stream.take(false);
  CHECK(found.size() == 4);
  CHECK(as_text(found[1].payload).ends_with("new"));
  CHECK(found[1].place.sequence == 5);
  CHECK(as_text(found[2].payload).ends_with("other"));
  CHECK(found[3].kind == RecordKind::kState);
}

TEST("a keyed board is asked for its proof") {
  BoardStream stream;
  const auto bytes = hello(2, "pump");
  stream.feed(std::span(bytes).first(9));
  CHECK(stream.phase() == Phase::kHello);
  stream.feed(std::span(bytes).subspan(9));
  CHECK(stream.phase() == Phase::kGreeted);
  CHECK(stream.hello().device == "pump");
  CHECK(stream.hello().version == edge::kKeyedUpload);
  stream.ask_proof();
  std::vector<std::byte> proof(32, std::byte{3});
  stream.feed(std::span(proof).first(31));
  CHECK(stream.phase() == Phase::kProof);
  stream.feed(std::span(proof).last(1));
  CHECK(stream.phase() == Phase::kProved);
  CHECK(std::ranges::equal(stream.proof(), proof));
}

TEST("what is no upload is refused, and says why") {
  const auto fed = [](std::span<const std::byte> bytes) { BoardStream().feed(bytes); };
  CHECK_ERROR("no greeting", fed(as_bytes("GET / HTTP/1.1")));
  CHECK_ERROR("version 3", fed(hello(3, "pump")));
  CHECK_ERROR("name of 0 bytes", fed(hello(1, "")));
  CHECK_ERROR("name of 128 bytes", fed(hello(1, std::string(128, 'a'))));
  auto early = hello(1, "pump");
  early.push_back(std::byte{0});
  CHECK_ERROR("before the answer", fed(early));
  BoardStream stream = greeted();
  CHECK_ERROR("0 or 1", stream.feed(std::vector<std::byte>{std::byte{2}}));
}

TEST("records of another device, from elsewhere or damaged are refused") {
  SpoolPlace other = edge::first_place("pump-2", kLife);
  BoardStream stream = greeted();
  CHECK_ERROR("wanted is 0 at event 0", stream.feed(records(other)));
  SpoolPlace place = edge::first_place("pump", kLife);
  const auto bytes = records(place);
  for (std::size_t at = 1; at < bytes.size(); ++at) {
    auto damaged = bytes;
    damaged[at] ^= std::byte{4};
    BoardStream reader = greeted();
    bool is_refused = false;
    try {
      reader.feed(damaged);
      reader.take(true);
    } catch (const Error&) {
      is_refused = true;
    }
    // A length that grew waits for bytes that never come.
    CHECK(is_refused || reader.waiting() > 0);
  }
}

TEST("a gap moves the place on, and not beyond what a number may be") {
  const auto with = [](const SpoolGap& gap) {
    ByteWriter out;
    out.write(std::uint8_t{1});
    out.write_bytes(gap.to_bytes());
    BoardStream stream = greeted();
    stream.feed(out.view());
    return stream.intake().next();
  };
  const SpoolPlace behind = with({0, 9, 0, 500, {}});
  CHECK(behind.sequence == 10);
  CHECK(behind.event == 500);
  CHECK_ERROR("at most", with({0, std::uint64_t{1} << 62, 0, 500, {}}));
  CHECK_ERROR("at most", with({0, 9, 0, std::uint64_t{1} << 63, {}}));
}

}  // namespace kedge

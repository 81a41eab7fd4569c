#include "kedge/edge/spool.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <utility>

#include "base/lossy_storage.h"
#include "check.h"
#include "kedge/base/hash.h"
#include "kedge/edge/intake.h"
#include "kedge/sketch/histogram.h"

namespace kedge {
namespace {

using edge::Intake;
using edge::RecordKind;
using edge::Spool;
using edge::SpoolLimits;
using edge::SpoolRecord;
using test::Died;
using test::LossyStorage;

constexpr std::uint64_t kLife = 7;
constexpr std::uint32_t kEventsEach = 10;
constexpr std::uint64_t kSketchEvery = 600;
const SpoolLimits kSmall{1 << 20, 64 << 10, 64 << 10};

std::shared_ptr<const CellMap> cells() {
  return std::make_shared<const CellMap>(CellMap::affine(64, {0, 1}, 0, 64));
}

// A device that counts what it keeps, and the truth of it by the number of the event.
struct Device {
  LossyStorage storage{11};
  Random random{12};
  std::shared_ptr<const CellMap> map = cells();
  std::vector<double> truth;
  std::unique_ptr<Spool> spool;
  std::optional<Histogram> sketch;
  std::vector<double> counted;  // what is in the sketch
  std::map<std::uint64_t, std::vector<double>> counted_at;
  std::uint64_t payload = 0, written = 0, syncs = 0, dropped = 0;

  void start() {
    spool = std::make_unique<Spool>(storage, kSmall, "pump-17", kLife);
    truth.resize(spool->end().event);
    sketch.emplace(map);
    counted.clear();
    if (spool->last_sketch().empty()) return;
    sketch = Histogram::from_bytes(spool->last_sketch());
    counted = counted_at.at(hash_bytes(std::span<const std::byte>(spool->last_sketch())));
  }
  void stop(bool power_cut) {
    if (spool) {
      payload += spool->stats().payload_bytes;
      written += spool->stats().written_bytes;
      syncs += spool->stats().syncs;
    }
    spool.reset();
    storage.restart(power_cut);
  }
  void second(std::uint64_t now) {
    double values[2 * kEventsEach];
    for (double& value : values) value = random.uniform();
    if (spool->append(RecordKind::kScores, kEventsEach, std::as_bytes(std::span(values)))) {
      truth.insert(truth.end(), values, values + kEventsEach);
      counted.insert(counted.end(), values, values + kEventsEach);
      sketch->update(std::span(values, kEventsEach));
    }
    if (now % kSketchEvery == 0) {
      const auto bytes = sketch->to_bytes();
      if (spool->append(RecordKind::kSketch, 0, bytes)) counted_at[hash_bytes(bytes)] = counted;
    }
    spool->tick();
  }
};

// The hub, over a link that loses and repeats.
struct Hub {
  Intake intake{edge::first_place("pump-17", kLife)};
  std::map<std::uint64_t, double> events;
  std::vector<std::byte> sketch;

  void receive(const SpoolRecord& record) {
    ByteWriter out;
    edge::SpoolPlace behind = record.place;
    write_record(out, behind, record.kind, record.events, record.payload);
    if (!intake.take(record, behind)) return;
    if (record.kind == RecordKind::kSketch)
      sketch.assign(record.payload.begin(), record.payload.end());
    for (std::uint32_t i = 0; i < record.events; ++i) {
      double value;
      std::memcpy(&value, record.payload.data() + i * sizeof value, sizeof value);
      events[record.place.event + i] = value;
    }
  }
  void talk(Spool& spool, Random& random) {
    if (const auto gap = spool.gap(intake.next().sequence)) intake.take_gap(*gap);
    std::uint64_t from = intake.next().sequence;
    from -= std::min<std::uint64_t>(from, random.below(3));
    std::uint32_t left = random.below(200);
    spool.read(from, [&](const SpoolRecord& record) {
      if (record.place.sequence > intake.next().sequence) return false;
      receive(record);
      if (random.below(10) == 0) receive(record);
      return left-- > 0;
    });
    if (random.below(3) != 0) spool.acknowledge(intake.next().sequence);
  }
};

template <class Run>
void with_kills(Device& device, Random& random, std::uint32_t mean_calls, const Run& run) {
  try {
    if (!device.spool) device.start();
    run();
  } catch (const Died&) {
    device.stop(random.below(2) == 0);
    device.storage.die_after(random.below(2 * mean_calls));
  }
}

TEST("spool: a day offline with kills, then a receiver has all but what the gaps name") {
  Device device;
  Hub hub;
  Random random(13);
  constexpr std::uint64_t kDay = 86'400;
  std::uint64_t kills = 0;
  device.storage.die_after(500);
  for (std::uint64_t now = 0; now < kDay; ++now) {
    const bool ran = device.spool != nullptr;
    with_kills(device, random, 900, [&] { device.second(now); });
    if (ran && !device.spool) ++kills;
  }
  CHECK(kills > 100);
  CHECK(device.syncs <= kDay);  // a tick a second, one of them at most in each
  for (int round = 0; round < 3000; ++round) {
    with_kills(device, random, 300, [&] {
      device.spool->tick();
      hub.talk(*device.spool, random);
    });
  }
  device.stop(false);
  device.start();
  for (int round = 0; round < 1000; ++round) {
    device.spool->tick();
    hub.talk(*device.spool, random);
  }
  CHECK(hub.intake.next() == device.spool->end());
  const auto& counts = hub.intake.counts();
  CHECK(counts.again > 0);
  CHECK(counts.lost_events > 0);
  CHECK(counts.events + counts.lost_events == device.truth.size());
  CHECK(hub.events.size() == counts.events);
  bool is_equal = true;
  for (const auto& [number, value] : hub.events) is_equal &= device.truth[number] == value;
  CHECK(is_equal);
  Histogram wanted(device.map);
  wanted.update(device.counted_at.at(hash_bytes(std::span<const std::byte>(hub.sketch))));
  CHECK(wanted.to_bytes() == hub.sketch);
  device.stop(false);
  const double amplification =
      static_cast<double>(device.written) / static_cast<double>(device.payload);
  CHECK(amplification <= 1.1);
}

// Every call as the last one, with either kind of death: what was durable is there afterwards, and
// what comes after it goes on from what is there.
const SpoolLimits kTiny{24'576, 2048, 4096};

// Appends, flushes and acknowledges until the storage dies; what was durable must be there.
void work(LossyStorage& storage, std::uint64_t rounds, std::uint64_t& durable,
          std::uint64_t& acknowledged) {
  Spool spool(storage, kTiny, "d", kLife);
  CHECK(spool.end().sequence >= durable);
  for (std::uint64_t i = 0; i < rounds; ++i) {
    const std::vector<std::byte> payload(200 + i, std::byte{42});
    spool.append(RecordKind::kScores, 3, payload);
    spool.tick();
    durable = spool.durable().sequence;
    if (i % 40 != 39) continue;
    acknowledged = durable - std::min<std::uint64_t>(durable, 20);
    spool.acknowledge(acknowledged);
  }
}

// Segments that were removed may be back, with holes between them: all before what is wanted.
void check_whole(LossyStorage& storage, std::uint64_t wanted) {
  Spool spool(storage, kTiny, "d", kLife);
  spool.tick();
  if (const auto gap = spool.gap(wanted)) wanted = gap->last + 1;
  spool.read(wanted, [&](const SpoolRecord& record) {
    CHECK(record.place.sequence == wanted);
    ++wanted;
    return true;
  });
  CHECK(wanted == spool.end().sequence);
}

// Every call as the last one, with either kind of death: what was durable is there afterwards, and
// what comes after it goes on from what is there.
TEST("spool: nothing durable is lost, whichever call is the last") {
  constexpr std::uint64_t kRounds = 120;
  std::uint64_t durable = 0, acknowledged = 0;
  LossyStorage undisturbed(1);
  work(undisturbed, kRounds, durable, acknowledged);
  CHECK(undisturbed.calls() > 200);
  for (std::uint64_t last = 0; last < undisturbed.calls(); ++last) {
    for (const bool power_cut : {false, true}) {
      LossyStorage storage(last);
      durable = acknowledged = 0;
      storage.die_after(last);
      try {
        work(storage, kRounds, durable, acknowledged);
        CHECK(false);
      } catch (const Died&) {
      }
      storage.restart(power_cut);
      work(storage, 3, durable, acknowledged);
      storage.restart(true);
      check_whole(storage, acknowledged);
    }
  }
}

TEST("spool: records end where a byte is another, and a gap must join what is here") {
  ByteWriter out;
  edge::SpoolPlace place = edge::first_place("d", kLife);
  write_segment_header(out, place);
  for (const char* const text : {"one", "two", "three"}) {
    write_record(out, place, RecordKind::kScores, 1, as_bytes(std::string_view(text)));
  }
  const std::vector<std::byte> whole = out.take();
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::vector<std::byte> wrong = whole;
    wrong[i] ^= std::byte{1};
    auto reader = edge::SegmentReader::open(wrong);
    int records = 0;
    while (reader && reader->next()) ++records;
    CHECK(records < 3);
  }
  Intake intake(edge::first_place("d", kLife));
  CHECK_ERROR("wanted is 0", intake.take_gap({2, 3, 2, 4, {}}));
  CHECK_ERROR("spool.bytes = 4096", SpoolLimits({4096, 1024, 1024}).check());
}

}  // namespace
}  // namespace kedge

// Bytes of a spool that are others than those that were written: what is lost by it, and what not.
#include <map>

#include "base/lossy_storage.h"
#include "check.h"
#include "kedge/edge/intake.h"
#include "kedge/edge/spool.h"

namespace kedge {
namespace {

using edge::Intake;
using edge::RecordKind;
using edge::Spool;
using edge::SpoolLimits;
using edge::SpoolRecord;
using test::LossyStorage;

constexpr std::uint64_t kLife = 7;
constexpr std::uint32_t kEventsEach = 3;
constexpr std::uint64_t kRecords = 20;
const SpoolLimits kSmall{24'576, 1024, 4096};

void keep(Spool& spool, std::uint64_t records) {
  for (std::uint64_t i = 0; i < records; ++i) {
    const std::vector<std::byte> payload(200, static_cast<std::byte>(spool.end().sequence));
    spool.append(RecordKind::kScores, kEventsEach, payload);
    while (spool.tick()) continue;
  }
}

// All that a receiver gets.
struct Receiver {
  Intake intake{edge::first_place("d", kLife)};
  std::vector<std::uint64_t> received;
  int errors = 0;

  // False when it goes on without end.
  bool take_all(Spool& spool) {
    for (int round = 0; intake.next() != spool.end(); ++round) {
      if (round == 10) return false;
      spool.tick();
      if (const auto gap = spool.gap(intake.next().sequence)) intake.take_gap(*gap);
      try {
        spool.read(intake.next().sequence, [&](const SpoolRecord& record) {
          return record.place.sequence == intake.next().sequence && take(record);
        });
      } catch (const Error&) {
        ++errors;
      }
    }
    spool.acknowledge(intake.next().sequence);
    return true;
  }
  bool take(const SpoolRecord& record) {
    ByteWriter out;
    edge::SpoolPlace behind = record.place;
    write_record(out, behind, record.kind, record.events, record.payload);
    received.push_back(record.place.sequence);
    return intake.take(record, behind);
  }
};

// Where a flipped byte lies: the first record that it takes, and the one behind the last.
struct Rot {
  std::uint64_t first;
  std::uint64_t end;
};

void check_lost(const Receiver& receiver, const Spool& spool, const Rot& rot) {
  const auto& counts = receiver.intake.counts();
  CHECK(counts.lost_records == rot.end - rot.first);
  CHECK(counts.lost_events == kEventsEach * (rot.end - rot.first));
  CHECK(counts.events + counts.lost_events == spool.end().event);
  std::vector<std::uint64_t> wanted;
  for (std::uint64_t i = 0; i < spool.end().sequence; ++i) {
    if (i < rot.first || i >= rot.end) wanted.push_back(i);
  }
  CHECK(receiver.received == wanted);
}

void flip(Storage& storage, const std::string& name, std::uint64_t offset) {
  const std::byte other = storage.read(name)[offset] ^ std::byte{4};
  storage.write(name, offset, std::span(&other, 1));
}

// Calls `run` with a full storage, a byte to flip in it, and what that takes. Of the last segment
// not before a restart: its end is where records go on.
template <class Run>
void with_each_rot(bool with_last, const Run& run) {
  LossyStorage full(1);
  {
    Spool spool(full, kSmall, "d", kLife);
    keep(spool, kRecords);
  }
  const std::vector<std::string> names = full.names();
  CHECK(names.size() == 4);
  for (std::size_t i = 0; i + (with_last ? 0 : 1) < names.size(); ++i) {
    const std::vector<std::byte> bytes = full.read(names[i]);
    auto reader = *edge::SegmentReader::open(bytes);
    std::map<std::size_t, std::uint64_t> ends;  // of records, and their numbers
    const std::uint64_t first = reader.place().sequence;
    while (const auto record = reader.next()) {
      ends[edge::kSegmentHeader + reader.position()] = record->place.sequence;
    }
    for (std::size_t at = 0; at < bytes.size(); at += 31) {
      const bool is_header = at < edge::kSegmentHeader;
      run(names[i], at, Rot{is_header ? first : ends.upper_bound(at)->second, first + ends.size()});
    }
  }
}

TEST("spool: what has rotted before a start is in a gap, all else is received") {
  with_each_rot(false, [](const std::string& name, std::uint64_t at, const Rot& rot) {
    LossyStorage storage(1);
    {
      Spool spool(storage, kSmall, "d", kLife);
      keep(spool, kRecords);
    }
    flip(storage, name, at);
    for (int start = 0; start < 2; ++start) {  // the first receives nothing
      Spool spool(storage, kSmall, "d", kLife + 1);
      keep(spool, 1);
      Receiver receiver;
      if (start == 0) continue;
      CHECK(receiver.take_all(spool));
      CHECK(receiver.errors == 0);
      check_lost(receiver, spool, rot);
      keep(spool, 1);
      CHECK(receiver.take_all(spool));
      CHECK(storage.names().size() <= 2);
    }
  });
}

TEST("spool: what rots meanwhile is told of once, and is in a gap from then on") {
  with_each_rot(true, [](const std::string& name, std::uint64_t at, const Rot& rot) {
    LossyStorage storage(1);
    auto spool = std::make_unique<Spool>(storage, kSmall, "d", kLife);
    keep(*spool, kRecords);
    flip(storage, name, at);
    Receiver receiver;
    CHECK(receiver.take_all(*spool));
    CHECK(receiver.errors == 1);
    check_lost(receiver, *spool, rot);
    CHECK(spool->stats().dropped_records == rot.end - rot.first);
    CHECK(spool->stats().dropped_events == kEventsEach * (rot.end - rot.first));
    storage.restart(true);  // numbers go on behind what was told of
    spool = std::make_unique<Spool>(storage, kSmall, "d", kLife + 1);
    keep(*spool, 1);
    CHECK(receiver.take_all(*spool));
    check_lost(receiver, *spool, rot);
  });
}

TEST("spool: a receiver that wants what was dropped before a rotten segment gets one gap") {
  LossyStorage storage(1);
  Spool spool(storage, kSmall, "d", kLife);
  keep(spool, kRecords);
  flip(storage, storage.names()[1], 100);
  Receiver receiver;
  CHECK(receiver.take_all(spool));
  keep(spool, 200);  // beyond the cap
  Receiver other;
  CHECK(other.take_all(spool));
  CHECK(other.intake.counts().lost_records > 0);
  CHECK(other.received.back() + 1 == spool.end().sequence);
  CHECK(other.received.back() - other.received.front() + 1 == other.received.size());
}

}  // namespace
}  // namespace kedge

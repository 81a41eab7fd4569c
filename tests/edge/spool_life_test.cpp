// A receiver that has what is lost here gets all else once, as another life; whatever call of the
// disk is the last one, there is one life or the other.
#include <algorithm>
#include <memory>

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
using edge::SpoolPlace;
using edge::SpoolRecord;
using test::Died;
using test::LossyStorage;

constexpr std::uint64_t kLife = 7;
constexpr std::uint32_t kEventsEach = 3;
const SpoolLimits kSmall{24'576, 1024, 4096};

void keep(Spool& spool, std::uint8_t first, std::uint8_t end) {
  for (std::uint8_t i = first; i < end; ++i) {
    spool.append(RecordKind::kScores, kEventsEach, std::vector<std::byte>(200, std::byte{i}));
    while (spool.tick()) continue;
  }
}

// What the records of this life say that a new receiver gets, one number each.
std::vector<int> received(Spool& spool, Intake& intake) {
  std::vector<int> numbers;
  while (spool.tick()) continue;
  if (const auto gap = spool.gap(intake.next().sequence)) intake.take_gap(*gap);
  spool.read(intake.next().sequence, [&](const SpoolRecord& record) {
    ByteWriter out;
    SpoolPlace behind = record.place;
    write_record(out, behind, record.kind, record.events, record.payload);
    intake.take(record, behind);
    numbers.push_back(static_cast<int>(record.payload[0]));
    return true;
  });
  return numbers;
}
std::vector<int> received(Spool& spool) {
  Intake intake(edge::first_place("d", spool.end().life));
  return received(spool, intake);
}

std::vector<int> from_to(int first, int end) {
  std::vector<int> numbers;
  for (int i = first; i < end; ++i) numbers.push_back(i);
  return numbers;
}

// A storage whose newest segment has rotted, from its second record on.
std::unique_ptr<LossyStorage> rotten(std::uint64_t seed = 1) {
  auto storage = std::make_unique<LossyStorage>(seed);
  {
    Spool spool(*storage, kSmall, "d", kLife);
    keep(spool, 0, 9);
  }
  const std::string newest = storage->names().back();
  const std::byte other = storage->read(newest)[400] ^ std::byte{4};
  storage->write(newest, 400, std::span(&other, 1));
  storage->sync(newest);
  return storage;
}

TEST("spool: what a receiver was never sent becomes another life, without sketches and gaps") {
  const auto storage = rotten();
  Spool spool(*storage, kSmall, "d", kLife + 90);
  const SpoolPlace sent = spool.end();
  CHECK(sent.life == kLife);
  CHECK(sent.sequence < 9);
  keep(spool, 100, 107);
  spool.append(RecordKind::kSketch, 0, std::vector<std::byte>(8, std::byte{255}));
  spool.tick();
  spool.append(RecordKind::kState, 0, std::vector<std::byte>(8, std::byte{107}));
  spool.begin_life(sent);
  CHECK(spool.end().life == kLife + 1);
  CHECK(received(spool) == from_to(100, 108));
  CHECK(spool.end().event == 7 * kEventsEach);
  CHECK(spool.stats().dropped_records == 0);
  CHECK(storage->names().size() == 1);
  keep(spool, 108, 120);
  Spool again(*storage, kSmall, "d", kLife + 91);
  CHECK(again.end() == spool.end());
  CHECK(again.last_sketch().empty());
  CHECK(received(again) == from_to(100, 120));
}

TEST("spool: what has no room in another life is a gap before it, and counted") {
  const auto storage = rotten();
  Spool spool(*storage, kSmall, "d", 1);
  const SpoolPlace sent = spool.end();
  keep(spool, 100, 140);
  spool.begin_life(sent);
  Intake intake(edge::first_place("d", kLife + 1));
  const std::vector<int> numbers = received(spool, intake);
  CHECK(numbers.size() > 8);
  CHECK(numbers == from_to(140 - static_cast<int>(numbers.size()), 140));
  CHECK(intake.counts().lost_records == 40 - numbers.size());
  CHECK(intake.counts().lost_events == kEventsEach * (40 - numbers.size()));
  CHECK(spool.stats().dropped_records == 40 - numbers.size());
  CHECK(spool.stats().dropped_events == kEventsEach * (40 - numbers.size()));
}

TEST("spool: a life that came to nothing but its end goes on as an empty one") {
  const auto storage = rotten();
  Spool spool(*storage, kSmall, "d", 1);
  spool.begin_life(spool.end());
  CHECK(spool.end() == edge::first_place("d", kLife + 1));
  keep(spool, 1, 3);
  spool.begin_life({});  // the same once more
  CHECK(received(spool) == from_to(1, 3));
  CHECK(spool.end().life == kLife + 2);
}

TEST("spool: segments of an earlier life that come back are passed over") {
  const auto storage = rotten();
  Spool spool(*storage, kSmall, "d", 1);
  const SpoolPlace sent = spool.end();
  keep(spool, 100, 107);
  std::vector<std::pair<std::string, std::vector<std::byte>>> old;
  for (const std::string& name : storage->names()) old.emplace_back(name, storage->read(name));
  spool.begin_life(sent);
  keep(spool, 107, 120);
  const std::vector<std::string> names = storage->names();
  for (const auto& [name, bytes] : old) {
    if (std::ranges::count(names, name) == 0) storage->append(name, bytes);
  }
  CHECK(storage->names().size() > names.size());
  Spool again(*storage, kSmall, "d", 1);
  CHECK(storage->names() == names);
  CHECK(received(again) == from_to(100, 120));
}

TEST("spool: whichever call is the last while a life begins, no record is lost or there twice") {
  int lives[2] = {0, 0};
  for (std::uint64_t last = 0;; ++last) {
    for (const bool power_cut : {false, true}) {
      const auto storage = rotten(last);
      auto spool = std::make_unique<Spool>(*storage, kSmall, "d", 1);
      const SpoolPlace sent = spool->end();
      keep(*spool, 100, 107);
      storage->die_after(last);
      bool is_dead = false;
      try {
        spool->begin_life(sent);
      } catch (const Died&) {
        is_dead = true;
      }
      storage->restart(power_cut);
      spool = std::make_unique<Spool>(*storage, kSmall, "d", 1);
      const bool is_new = spool->end().life != kLife;
      ++lives[is_new ? 1 : 0];
      CHECK(is_new || is_dead);
      if (!is_new) spool->begin_life(sent);
      keep(*spool, 107, 110);
      CHECK(received(*spool) == from_to(100, 110));
      if (!is_dead && power_cut) {
        CHECK(lives[0] > 0);
        CHECK(lives[1] > 2);
        return;
      }
    }
  }
}

TEST("spool: of a folder that has files of others no other is read or removed") {
  LossyStorage storage(1);
  const std::vector<std::string> others = {"0123456789abcdef.segment.old", "edge.toml",
                                           "model.segment", "zzzzzzzzzzzzzzzz.segment"};
  for (const std::string& name : others) storage.append(name, as_bytes("of another"));
  storage.append("00000000000000ff.segment", as_bytes("not whole"));
  storage.append("life.segment.part", as_bytes("not whole"));
  const Spool spool(storage, kSmall, "d", kLife);
  CHECK(storage.names() == others);
}

}  // namespace
}  // namespace kedge

// What a board keeps for its receiver, while one thread scores and another asks how far that is.
#include "kedge/edge/forwarder.h"

#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "check.h"
#include "folder.h"
#include "kedge/base/folder_storage.h"
#include "kedge/edge/steady_clock.h"

namespace kedge {
namespace {

using edge::Forwarder;
using edge::ForwardStats;
using edge::RecordKind;
using edge::Spool;
using edge::SpoolRecord;

constexpr std::size_t kEvents = 20'000;
constexpr std::size_t kSketchEvery = 2'000;

TEST("forwarder: who looks sees no record come back, and a stop has all that was scored") {
  const test::Folder folder;
  edge::SpoolConfig config;
  config.folder = folder.path();
  config.limits = {std::uint64_t{1} << 20, 64 << 10, 64 << 10};
  config.flush_nanos = 1;
  const std::vector<std::byte> start(3, std::byte{1});
  std::vector<double> scored;
  {
    Forwarder forwarder(config, "pump-17", start);
    std::atomic<bool> ends = false;
    std::atomic<int> wrong = 0;
    std::thread looker([&] {
      ForwardStats last;
      while (!ends) {
        const ForwardStats now = forwarder.stats();
        wrong += now.durable_record < last.durable_record || now.next_record < now.durable_record;
        last = now;
      }
    });
    for (std::size_t event = 0; event < kEvents; ++event) {
      scored.push_back(static_cast<double>(event));
      forwarder.add_scores({&scored.back(), 1}, 1);
      if (event % kSketchEvery == 0) forwarder.add_sketch(std::vector<std::byte>(event + 1));
    }
    ends = true;
    looker.join();
    CHECK(wrong == 0);
    CHECK(forwarder.stats().failures == 0);
  }
  FolderStorage storage(config.folder);
  Spool spool(storage, config.limits, "pump-17", 1);
  CHECK(spool.end().event == kEvents);
  CHECK(spool.last_sketch().size() == kEvents - kSketchEvery + 1);
  while (spool.tick()) continue;  // what it found is flushed before it is believed
  std::vector<double> kept;
  spool.read(0, [&](const SpoolRecord& record) {
    if (record.kind != RecordKind::kScores) return true;
    kept.resize(kept.size() + record.events);
    std::memcpy(kept.data() + kept.size() - record.events, record.payload.data(),
                record.payload.size());
    return true;
  });
  CHECK(kept == scored);
}

// Of all records.
std::uint64_t events_in(const edge::SpoolConfig& config) {
  FolderStorage storage(config.folder);
  return Spool(storage, config.limits, "pump-17", 1).end().event;
}

TEST("forwarder: who has filled the memory waits for the disk, and not for the next flush") {
  const test::Folder folder;
  edge::SpoolConfig config;
  config.folder = folder.path();
  config.limits = {std::uint64_t{1} << 20, 64 << 10, 16 << 10};
  config.flush_nanos = 20'000'000'000;
  constexpr std::uint64_t kCalls = 40;  // of 1 KiB
  const std::vector<double> scores(128);
  const std::int64_t begin = edge::steady_nanos();
  {
    Forwarder forwarder(config, "pump-17", {});
    for (std::uint64_t i = 0; i < kCalls; ++i) forwarder.add_scores(scores, 128);
    CHECK(forwarder.stats().waits > 0);
  }
  CHECK(edge::steady_nanos() - begin < 15'000'000'000);
  CHECK(events_in(config) == kCalls * 128);
}

TEST("forwarder: scores that are more than a record holds become two") {
  const test::Folder folder;
  edge::SpoolConfig config;
  config.folder = folder.path();
  config.limits = {std::uint64_t{1} << 30, 64 << 10, std::uint64_t{40} << 20};
  const std::vector<double> scores(1 << 16);
  constexpr std::uint64_t kCalls = 40;  // 20 MiB
  {
    Forwarder forwarder(config, "pump-17", {});
    for (std::uint64_t i = 0; i < kCalls; ++i) forwarder.add_scores(scores, 1 << 16);
  }
  CHECK(events_in(config) == kCalls << 16);
}

TEST("forwarder: a record that has no room in the spool is left out, and no other") {
  const test::Folder folder;
  edge::SpoolConfig config;
  config.folder = folder.path();
  config.limits = {64 << 10, 1024, 1024};
  {
    Forwarder forwarder(config, "pump-17", {});
    forwarder.add_state(std::string(2000, 'x'));
    forwarder.add_sketch(std::vector<std::byte>(2000));
    forwarder.add_scores(std::vector<double>(3), 3);
  }
  CHECK(events_in(config) == 3);
}

}  // namespace
}  // namespace kedge

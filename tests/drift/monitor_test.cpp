#include "kedge/drift/monitor.h"

#include <cmath>
#include <vector>

#include "check.h"
#include "fuzz/frames.h"
#include "kedge/arrow/build.h"
#include "kedge/base/random.h"
#include "kedge/drift/monitor_plan.h"

namespace kedge {
namespace {

Batch batch_of(Random& random, int rows, double shift) {
  std::vector<double> x;
  std::vector<std::string> city;
  for (int i = 0; i < rows; ++i) {
    x.push_back(random.uniform() + random.uniform() + shift);
    city.push_back(random.below(3) == 0 ? "Riga" : "Turku");
  }
  BatchBuilder batch;
  batch.add("x", x);
  batch.add("city", city);
  return batch.finish();
}

Profile reference_of(Random& random, const ProfileOptions& options = {}) {
  const Batch batch = batch_of(random, 20'000, 0);
  return Profile::of(batch.schema, {&batch, 1}, options);
}

TEST("a chance is bounded near its share, and never beyond 0 and 1") {
  for (const std::uint64_t hits : {0u, 1u, 30u, 99u, 100u}) {
    const Known event = chance_of_event(hits, 100, 0.01);
    const Known name = chance_of_name(hits, 100, 0.01);
    const double share = static_cast<double>(hits) / 100;
    CHECK(0 <= name.at_least && name.at_least <= share && share <= name.at_most);
    CHECK(name.at_most <= 1 && event.at_most <= name.at_most);
    CHECK(name.at_least <= event.at_least && event.at_least <= share);
  }
  CHECK(std::fabs(chance_of_event(0, 1000, 0.01).at_most - 0.0052843) < 1e-6);  // 1 - (a/2)^(1/n)
  CHECK(chance_of_event(0, 0, 0.01).at_most == 1);
}

TEST("tallies add up over batches and are those of the whole") {
  Random random(1);
  const Profile reference = reference_of(random);
  for (const ColumnProfile& column : reference.columns()) {
    const ColumnTallies tallies(column, 0.01);
    std::vector<std::uint64_t> sums(tallies.size());
    tallies.read(column, sums);
    for (const Event& event : tallies.events()) {
      CHECK(sums[event.hits] <= sums[event.rows]);
      const double share =
          static_cast<double>(sums[event.hits]) / static_cast<double>(sums[event.rows]);
      CHECK(event.reference.at_least <= share && share <= event.reference.at_most);
    }
    CHECK(tallies.events().size() > 3);
  }
}

TEST("the moments that are kept are few, and near where they are asked for") {
  TallyHistory history(1);
  std::vector<std::uint64_t> tallies{0};
  for (std::uint64_t look = 1; look <= 20'000; ++look) {
    ++tallies[0];
    history.append(look, static_cast<double>(look), tallies);
    for (std::uint64_t back = 1; back <= look; back *= 3) {
      const std::uint64_t asked = look - back + 1;
      const auto& moment = history.from(asked);
      CHECK(moment.look >= asked && moment.look <= asked + back / 2 + 1);
      CHECK(moment.tallies[0] == moment.look);
    }
  }
  ByteWriter out;
  history.write(out);
  CHECK(out.size() < 64 * 14);
  ByteReader in(out.view(), "history");
  CHECK(TallyHistory::read(in, 1) == history);
}

TEST("a shift alarms, its column starts anew, and the other keeps its evidence") {
  Random random(2);
  Monitor monitor(reference_of(random), {});
  std::vector<Alarm> alarms;
  for (int look = 0; look < 40 && alarms.empty(); ++look) {
    const Batch batch = batch_of(random, 500, look < 10 ? 0 : 0.3);
    alarms = monitor.update({&batch, 1}, 1);
    CHECK(alarms.empty() || look >= 10);
  }
  CHECK(alarms.size() == 1 && alarms[0].column == "x" && alarms[0].what == "values");
  CHECK(alarms[0].since >= 10 && alarms[0].rows >= 500);
  CHECK(alarms[0].log_evidence >= monitor.log_threshold(monitor.watched()[0]));
  CHECK(monitor.watched()[0].monitor.log_evidence() == -HUGE_VAL);
  CHECK(std::isfinite(monitor.watched()[1].monitor.log_evidence()));
}

TEST("the budget is shared by columns and slices, and is spent once") {
  Random random(3);
  ProfileOptions options;
  options.slices = {"city"};
  const Monitor monitor(reference_of(random, options), {});
  double shares = 0;
  for (const WatchedColumn& column : monitor.watched()) shares += std::exp(column.log_share);
  CHECK(monitor.watched().size() > 2);
  CHECK(std::fabs(shares - 1) < 1e-12);
  CHECK(plan_of(monitor, 0.1).size() == monitor.watched().size());
}

Monitor small_monitor(double fdr) {
  Random random(5);
  const Batch before = batch_of(random, 300, 0);
  ProfileOptions options;
  options.cells = 16;
  options.slices = {"city"};
  Monitor monitor(Profile::of(before.schema, {&before, 1}, options),
                  {0.01, 1e-3, fdr, 0.99, 1, false});
  for (int look = 0; look < 30; ++look) {
    const Batch batch = batch_of(random, 40, look < 20 ? 0 : 0.8);
    monitor.update({&batch, 1}, 1);
  }
  return monitor;
}

// Some bytes are others, and the checksums are right again.
std::vector<std::byte> damaged(std::vector<std::byte> bytes, Random& random) {
  const std::uint32_t places = 1 + random.below(4);
  for (std::uint32_t i = 0; i < places; ++i) {
    const std::uint32_t place = random.below(static_cast<std::uint32_t>(bytes.size()));
    bytes[place] = static_cast<std::byte>(random.below(256));
  }
  reseal(bytes);
  return bytes;
}

TEST("damaged bytes are refused, or are a monitor that can go on") {
  Random random(6);
  for (const double fdr : {0.0, 0.1}) {
    const std::vector<std::byte> bytes = small_monitor(fdr).to_bytes();
    int read = 0;
    for (int i = 0; i < 800; ++i) {
      try {
        Monitor monitor = Monitor::from_bytes(damaged(bytes, random));
        ++read;
        CHECK(Monitor::from_bytes(monitor.to_bytes()) == monitor);
        if (i % 16 == 0) monitor.update(monitor.reference(), 1);
      } catch (const Error& error) {
        CHECK(error.code() != ErrorCode::kInvalidArgument);
      }
    }
    CHECK(read > 25 && read < 775);
  }
}

TEST("damaged bytes of a window are refused, or are one that can go on") {
  Random random(8);
  const Profile reference = reference_of(random);
  for (const bool tumbling : {false, true}) {
    MonitorOptions options;
    options.window = {3, false, tumbling};
    Monitor monitor(reference, options);
    for (int look = 0; look < 8; ++look) {
      const Batch batch = batch_of(random, 20, 0);
      monitor.update({&batch, 1}, 1);
    }
    CHECK(monitor.newest_rows()->row_count() == (tumbling ? 40 : 60));
    const std::vector<std::byte> bytes = monitor.to_bytes();
    for (int i = 0; i < 20; ++i) {
      try {
        Monitor again = Monitor::from_bytes(damaged(bytes, random));
        CHECK(Monitor::from_bytes(again.to_bytes()) == again);
        again.update(reference, 1);
      } catch (const Error& error) {
        CHECK(error.code() != ErrorCode::kInvalidArgument);
      }
    }
  }
}

TEST("a window that means nothing is refused") {
  Random random(9);
  MonitorOptions options;
  options.window = {1.5, false, false};
  CHECK_ERROR("window = 1.5", Monitor(reference_of(random), options));
  options.window = {10, true, false};
  CHECK_ERROR("wants a clock", Monitor(reference_of(random), options));
}

TEST("bytes with another reference's evidence are corrupt") {
  Random random(4);
  Monitor monitor(reference_of(random), {});
  const Batch batch = batch_of(random, 100, 0);
  monitor.update({&batch, 1}, 1);
  const std::vector<std::byte> bytes = monitor.to_bytes();
  CHECK(Monitor::from_bytes(bytes) == monitor);
  CHECK_ERROR("monitor", Monitor::from_bytes(std::span(bytes).first(bytes.size() - 1)));
}

}  // namespace
}  // namespace kedge

#include "kedge/window/window.h"

#include <algorithm>
#include <array>

#include "check.h"
#include "fuzz/frames.h"
#include "kedge/base/frame.h"
#include "kedge/base/random.h"
#include "sample_stream.h"
#include "table_bytes.h"

namespace kedge {
namespace {

struct Outcome {
  std::vector<std::byte> closed;
  std::vector<std::byte> late;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

// `next_length` says how many rows the next batch has; `restart` snapshots and restores after each.
template <class NextLength>
Outcome run(const WindowSpec& spec, const Batch& stream, const NextLength& next_length,
            bool restart) {
  auto window = std::make_unique<Window>(spec, stream.schema);
  std::vector<Batch> closed, late;
  for (std::size_t first = 0; first < stream.length;) {
    const std::size_t length = std::min<std::size_t>(next_length(), stream.length - first);
    window->push(slice_of(stream, first, length));
    closed.push_back(window->closed());
    if (restart) window = Window::restore(window->snapshot({}), &spec).window;
    first += length;
  }
  window->finish();
  closed.push_back(window->closed());
  const Batches rows = window->late();
  return {table_bytes({closed.front().schema, closed}), table_bytes(rows)};
}

TEST("any split into batches gives the same bytes, and so does a restart after each") {
  Random random(3);
  const Batch stream = sample_batch(400, 7);
  for (const WindowSpec& spec : sample_definitions()) {
    const Outcome whole = run(spec, stream, [] { return 100'000; }, false);
    CHECK(!whole.closed.empty());
    CHECK(whole == run(spec, stream, [] { return 1; }, false));
    CHECK(whole == run(spec, stream, [&] { return random.below(300); }, false));
    CHECK(whole == run(spec, stream, [] { return 250; }, true));
  }
}

TEST("every row is in a window or among the late") {
  const Batch stream = sample_batch(4000, 8);
  for (const WindowSpec& spec : sample_definitions()) {
    const bool counts_once =
        spec.kind != WindowKind::kSliding && spec.every == spec.length && !spec.updates;
    if (!counts_once) continue;
    Window window(spec, stream.schema);
    window.push(stream);
    window.finish();
    const Batch closed = window.closed();
    const std::size_t first = find_column(*closed.schema, "rows");
    std::uint64_t rows = 0;
    for (std::size_t i = 0; i < closed.length; ++i) {
      rows += closed.columns[first].data<std::uint64_t>()[i];
    }
    CHECK(rows + window.stats().late == stream.length);
    CHECK(row_count(window.late()) == window.stats().late);
  }
}

TEST("a snapshot that is cut, or has a byte changed, is refused") {
  const Batch stream = sample_batch(300, 9);
  for (const WindowSpec& spec : sample_definitions()) {
    Window window(spec, stream.schema);
    window.push(stream);
    const auto snapshot = window.snapshot(as_bytes("offset 17"));
    const auto restored = Window::restore(snapshot, &spec);
    CHECK(as_text(restored.note) == "offset 17");
    CHECK(restored.window->snapshot(as_bytes("offset 17")) == snapshot);
    CHECK_ERROR("", Window::restore(std::span(snapshot).first(snapshot.size() / 2)));
    auto damaged = snapshot;
    damaged[damaged.size() / 2] ^= std::byte{1};
    CHECK_ERROR("checksum", Window::restore(damaged));
  }
}

// The windows' part of a snapshot, to be changed; reseal() makes its checksums right again.
std::span<std::byte> states_in(std::vector<std::byte>& snapshot) {
  const auto kind = std::ranges::search(snapshot, as_bytes("WSTA"));
  const std::size_t header = static_cast<std::size_t>(kind.begin() - snapshot.begin()) - 8;
  return std::span(snapshot).subspan(header + kFrameHeader);
}

TEST("a finished stream with panes still open is refused") {
  const Batch stream = sample_batch(100, 9);
  Window window(sample_definitions().front(), stream.schema);
  window.push(stream);
  auto snapshot = window.snapshot({});
  states_in(snapshot)[0] = std::byte{1};
  reseal(snapshot);
  CHECK_ERROR("is none of this definition", Window::restore(snapshot));
}

TEST("rows that wait for the watermark came before those that will come") {
  const Batch stream = sample_batch(20, 9);
  WindowSpec spec;
  spec.kind = WindowKind::kSliding;
  spec.time = "ts";
  spec.length = parse_duration("4s");
  spec.lateness = parse_duration("1h");
  spec.aggregates.emplace_back().name = "rows";
  Window window(spec, stream.schema);
  window.push(stream);
  auto snapshot = window.snapshot({});
  const std::array<std::uint64_t, 1> last{19}, never{20};
  const auto arrival = std::ranges::search(states_in(snapshot), std::as_bytes(std::span(last)));
  CHECK(!arrival.empty());
  std::ranges::copy(std::as_bytes(std::span(never)), arrival.begin());
  reseal(snapshot);
  CHECK_ERROR("waiting row", Window::restore(snapshot));
}

TEST("a snapshot of another version is refused") {
  CHECK_ERROR("window snapshot: version 1, this build goes on from 2 only",
              Window::restore(seal_frame("WSNP", 1, {})));
}

TEST("a snapshot of another definition is refused with what differs") {
  const Batch stream = sample_batch(10, 9);
  const WindowSpec spec = sample_definitions().front();
  Window window(spec, stream.schema);
  window.push(stream);
  WindowSpec other = spec;
  other.lateness = parse_duration("1m");
  std::erase_if(other.aggregates, [](const auto& aggregate) { return aggregate.name == "names"; });
  CHECK_ERROR("lateness: 20s, not 1m; aggregates[\"names\"]: distinct(\"name\"), not absent",
              Window::restore(window.snapshot({}), &other));
}

TEST("a push that is refused leaves everything as it was") {
  const Batch stream = sample_batch(500, 11);
  WindowSpec spec = sample_definitions().front();
  spec.max_keys = 20;
  Window window(spec, stream.schema);
  window.push(slice_of(stream, 0, 12));
  const auto before = window.snapshot({});
  CHECK_ERROR("max_keys is 20", window.push(slice_of(stream, 12, 400)));
  CHECK(window.snapshot({}) == before);
  CHECK_ERROR("partition 1 is none of 1", window.push(slice_of(stream, 12, 1), 1));
  Batch other = slice_of(stream, 12, 1);
  auto schema = *stream.schema;
  schema[3].name = "z";
  other.schema = std::make_shared<const Schema>(schema);
  CHECK_ERROR("the batch has no column \"x\"", window.push(other));
  CHECK(window.snapshot({}) == before);
}

TEST("an idle partition holds nothing, one that is not idle holds all") {
  const Batch stream = sample_batch(2000, 12);
  WindowSpec spec = sample_definitions().front();
  spec.partitions = 2;
  Window waiting(spec, stream.schema);
  waiting.push(stream, 0);
  CHECK(!waiting.watermark());
  CHECK(waiting.closed().length == 0);
  spec.idle = parse_duration("30s");
  Window going(spec, stream.schema);
  going.push(stream, 0);
  CHECK(going.watermark().has_value());
  CHECK(going.closed().length != 0);
}

}  // namespace
}  // namespace kedge

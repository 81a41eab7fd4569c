#include "kedge/edge/window_store.h"

#include "base/lossy_storage.h"
#include "check.h"
#include "sample_stream.h"
#include "table_bytes.h"

namespace kedge {
namespace {

using edge::WindowNote;
using edge::WindowStore;
using test::Died;
using test::LossyStorage;

constexpr std::size_t kRows = 600;

struct Kept {
  std::vector<std::byte> state;
  WindowNote note;
};

// The state of a window that has so many rows of the stream.
Kept kept_behind(const WindowSpec& spec, const Batch& stream, std::size_t rows) {
  Window window(spec, stream.schema);
  window.push(slice_of(stream, 0, rows));
  window.closed();
  const WindowNote note{rows, 3, 1, rows % 2 == 0};
  return {window.snapshot(note.to_bytes()), note};
}

TEST("window store: a stop and a start give the windows of one run, whatever the definition") {
  const Batch stream = sample_batch(kRows, 5);
  for (const WindowSpec& spec : sample_definitions()) {
    Window whole(spec, stream.schema);
    Window first(spec, stream.schema);
    const Batch begin = slice_of(stream, 0, kRows / 2);
    const Batch end = slice_of(stream, kRows / 2, kRows / 2);
    whole.push(begin);
    first.push(begin);
    const Batch early = whole.closed();
    CHECK(table_bytes({early.schema, {early}}) == table_bytes({early.schema, {first.closed()}}));
    LossyStorage storage(1);
    WindowStore store(storage);
    const WindowNote note{kRows / 2, 0, 0, true};
    store.keep(first.snapshot(note.to_bytes()));
    const auto found = store.find(spec, *stream.schema);
    CHECK(found.window != nullptr);
    CHECK(found.note.rows == kRows / 2 && found.note.is_clean);
    whole.push(end);
    found.window->push(end);
    whole.finish();
    found.window->finish();
    const Batch wanted = whole.closed();
    CHECK(wanted.length > 0);
    CHECK(table_bytes({wanted.schema, {wanted}}) ==
          table_bytes({wanted.schema, {found.window->closed()}}));
  }
}

// What a power cut or a kill before each call to the disk, or within it, leaves.
TEST("window store: whichever call is the last, there is the old state or the new one") {
  const Batch stream = sample_batch(kRows, 5);
  const WindowSpec spec = sample_definitions().front();
  const Kept older = kept_behind(spec, stream, 100);
  const Kept newer = kept_behind(spec, stream, 201);
  constexpr std::uint64_t kMostCalls = 20;
  std::uint64_t died = 0;
  std::uint64_t olds = 0;
  std::uint64_t news = 0;
  for (std::uint64_t last = 0; last < kMostCalls; ++last) {
    for (std::uint64_t seed = 0; seed < 16; ++seed) {
      LossyStorage storage(seed);
      WindowStore(storage).keep(older.state);
      storage.die_after(last);
      bool is_kept = false;
      try {
        WindowStore(storage).keep(newer.state);
        is_kept = true;
      } catch (const Died&) {
        ++died;
      }
      storage.restart(seed % 2 == 0, seed % 4 == 0);
      const auto found = WindowStore(storage).find(spec, *stream.schema);
      CHECK(found.window != nullptr && found.refusal.empty());
      if (!found.window) continue;
      const bool is_new = found.note.rows == newer.note.rows;
      const Kept& there = is_new ? newer : older;
      CHECK(found.window->snapshot(found.note.to_bytes()) == there.state);
      CHECK(is_new || !is_kept);
      (is_new ? news : olds) += 1;
      WindowStore(storage).keep(newer.state);
      CHECK(WindowStore(storage).find(spec, *stream.schema).note.rows == newer.note.rows);
    }
  }
  CHECK(died > 16);
  CHECK(olds > 16);
  CHECK(news > 16);
}

void check_refused(const std::vector<std::byte>& state, const WindowSpec& spec,
                   const Schema& columns, std::string_view reason) {
  LossyStorage storage(1);
  WindowStore store(storage);
  store.keep(state);
  const auto found = store.find(spec, columns);
  CHECK(found.window == nullptr);
  CHECK(!found.refusal.empty() && found.refusal.find(reason) != std::string::npos);
  CHECK(storage.names() == std::vector<std::string>{"windows.refused"});
  CHECK(storage.read("windows.refused") == state);
  const auto next = store.find(spec, columns);
  CHECK(next.window == nullptr && next.refusal.empty());
}

TEST("window store: what is cut short, altered or of something else is set aside by name") {
  const Batch stream = sample_batch(kRows, 5);
  WindowSpec spec = sample_definitions().front();
  const Kept kept = kept_behind(spec, stream, 100);
  for (std::size_t size = 0; size < kept.state.size(); size += 1 + 16 * test::stride()) {
    check_refused({kept.state.begin(), kept.state.begin() + static_cast<std::ptrdiff_t>(size)},
                  spec, *stream.schema, "");
  }
  for (std::size_t at = 0; at < kept.state.size(); at += 1 + 16 * test::stride()) {
    std::vector<std::byte> wrong = kept.state;
    wrong[at] ^= std::byte{4};
    check_refused(wrong, spec, *stream.schema, "");
  }
  Schema columns = *stream.schema;
  columns.back().name = "another";
  check_refused(kept.state, spec, columns, "input.columns differs from \"flag\" on");
  Window plain(spec, stream.schema);
  check_refused(plain.snapshot({}), spec, *stream.schema, "windows of a board");
  spec.max_keys = 12345;
  check_refused(kept.state, spec, *stream.schema, "of another definition: max_keys");
}

}  // namespace
}  // namespace kedge

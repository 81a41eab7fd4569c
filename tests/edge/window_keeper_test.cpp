// What a board keeps of its windows, while another thread asks how far that is.
#include "kedge/edge/window_keeper.h"

#include <atomic>
#include <thread>

#include "check.h"
#include "folder.h"
#include "sample_stream.h"
#include "table_bytes.h"

namespace kedge {
namespace {

using edge::KeptWindows;
using edge::WindowKeeper;

constexpr std::size_t kRows = 600;
constexpr std::size_t kBatch = 10;

TEST("window keeper: who looks sees no row come back, and a stop in order has them all") {
  const Batch stream = sample_batch(kRows, 5);
  const WindowSpec spec = sample_definitions().front();
  const test::Folder folder;
  const edge::StateConfig config{folder.path(), 1};
  Window window(spec, stream.schema);
  {
    WindowKeeper keeper(config, spec, *stream.schema);
    CHECK(keeper.take_window() == nullptr);
    std::atomic<bool> ends = false;
    std::atomic<int> wrong = 0;
    std::thread looker([&] {
      KeptWindows last;
      while (!ends) {
        const KeptWindows now = keeper.stats();
        wrong += now.rows < last.rows || now.rows > now.next_rows || now.writes < last.writes;
        last = now;
      }
    });
    for (std::size_t row = 0; row < kRows; row += kBatch) {
      window.push(slice_of(stream, row, kBatch));
      keeper.step(window, row + kBatch, 0, static_cast<std::int64_t>(row) * 2);
    }
    ends = true;
    looker.join();
    keeper.finish(window, kRows, 0);
    CHECK(wrong == 0);
    CHECK(keeper.stats().rows == kRows && keeper.stats().failures == 0);
    CHECK(keeper.stats().writes > 0);
  }
  WindowKeeper next(config, spec, *stream.schema);
  const auto found = next.take_window();
  CHECK(found != nullptr);
  CHECK(next.stats().rows == kRows && next.stats().cuts == 0 && !next.stats().is_refused);
  if (found) CHECK(found->snapshot({}) == window.snapshot({}));
}

}  // namespace
}  // namespace kedge

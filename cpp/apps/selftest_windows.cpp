#include "selftest_windows.h"

#include <algorithm>

#include "kedge/window/window.h"
#include "sample_stream.h"
#include "table_bytes.h"

namespace kedge {
void add_windows(Digest& digest) {
  constexpr std::size_t kRows = 3000;
  constexpr std::size_t kBatch = 701;
  const Batch stream = sample_batch(kRows, 20);
  for (const WindowSpec& spec : sample_definitions()) {
    auto window = std::make_unique<Window>(spec, stream.schema);
    for (std::size_t first = 0; first < kRows; first += kBatch) {
      window->push(slice_of(stream, first, std::min(kBatch, kRows - first)));
      const Batch closed = window->closed();
      digest.add(table_bytes({closed.schema, {closed}}));
      const auto snapshot = window->snapshot({});
      digest.add(snapshot);
      window = Window::restore(snapshot).window;
    }
    window->finish();
    const Batch closed = window->closed();
    digest.add(table_bytes({closed.schema, {closed}}));
    digest.add(table_bytes(window->late()));
  }
}

}  // namespace kedge

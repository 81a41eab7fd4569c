// Any bytes are a snapshot from which the stream goes on, or a named error. What goes on gives the
// same whether its rows come at once or one by one.

#include <vector>

#include "frames.h"
#include "fuzz.h"
#include "kedge/window/window.h"
#include "sample_stream.h"
#include "table_bytes.h"

namespace {

// A row is in so many windows, each of which is a result: what was asked for, but no fault.
bool has_many_windows(const kedge::WindowSpec& spec) {
  constexpr double kDay = 86.4e12;
  constexpr double kMostWindows = 1000;
  const auto nanos = [](const kedge::Duration& duration) {
    const auto days =
        static_cast<double>(duration.days) + 30 * static_cast<double>(duration.months);
    return days * kDay + static_cast<double>(duration.nanos);
  };
  return spec.kind == kedge::WindowKind::kTime &&
         nanos(spec.length) > kMostWindows * nanos(spec.every);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto raw = kedge::fuzz_bytes(data, size);
  std::vector<std::byte> bytes(raw.begin(), raw.end());
  kedge::reseal(bytes);
  try {
    auto [window, note] = kedge::Window::restore(bytes);
    if (has_many_windows(window->spec())) return 0;
    const auto snapshot = window->snapshot(note);
    const auto again = kedge::Window::restore(snapshot).window;
    kedge::fuzz_check(again->snapshot(note) == snapshot);
    static const kedge::Batch stream = kedge::sample_batch(40, 1);
    window->push(stream);
    for (std::size_t row = 0; row < stream.length; ++row) {
      again->push(kedge::slice_of(stream, row, 1));
    }
    window->finish();
    again->finish();
    const kedge::Batch closed = window->closed();
    kedge::fuzz_check(kedge::table_bytes({closed.schema, {closed}}) ==
                      kedge::table_bytes({closed.schema, {again->closed()}}));
  } catch (const kedge::Error&) {
  }
  return 0;
}

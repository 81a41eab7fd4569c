// Any bytes are a monitor that writes back the same bytes and can go on, or a named error. The
// checksums are made right first, so that the fuzzer reaches what is behind them.

#include <vector>

#include "frames.h"
#include "fuzz.h"
#include "kedge/drift/monitor.h"
#include "kedge/drift/monitor_plan.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto raw = kedge::fuzz_bytes(data, size);
  std::vector<std::byte> bytes(raw.begin(), raw.end());
  kedge::reseal(bytes);
  try {
    auto monitor = kedge::Monitor::from_bytes(bytes);
    auto again = kedge::Monitor::from_bytes(monitor.to_bytes());
    kedge::fuzz_check(again == monitor);
    kedge::plan_of(monitor, 0.1);
    const kedge::Profile rows = monitor.reference();
    monitor.update(rows, 1);
    again.update(rows, 1);
    kedge::fuzz_check(again == monitor);
  } catch (const kedge::Error&) {
  }
  return 0;
}

// Any bytes are a profile that writes back the same bytes, or a named error. The checksums are made
// right first, so that the fuzzer reaches what is behind them.

#include <vector>

#include "frames.h"
#include "fuzz.h"
#include "kedge/drift/compare.h"
#include "kedge/sketch/profile.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto raw = kedge::fuzz_bytes(data, size);
  std::vector<std::byte> bytes(raw.begin(), raw.end());
  kedge::reseal(bytes);
  try {
    const auto profile = kedge::Profile::from_bytes(bytes);
    const auto again = kedge::Profile::from_bytes(profile.to_bytes());
    kedge::fuzz_check(again == profile);
    kedge::fuzz_check(again.to_bytes() == profile.to_bytes());
    for (const auto& row : kedge::compare(profile, again, {})) kedge::fuzz_check(row.lower == 0);
    for (const auto& row : kedge::compare_slices(profile, again, {})) {
      kedge::fuzz_check(row.drift.lower == 0);
    }
    auto twice = profile;
    twice.merge(again);
    twice.subtract(again);
    kedge::fuzz_check(twice == profile);
  } catch (const kedge::Error&) {
  }
  return 0;
}

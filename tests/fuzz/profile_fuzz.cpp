// Any bytes are a profile that writes back the same bytes, or a named error. The checksums are made
// right first, so that the fuzzer reaches what is behind them.

#include <cstring>
#include <vector>

#include "fuzz.h"
#include "kedge/base/frame.h"
#include "kedge/base/hash.h"
#include "kedge/drift/compare.h"
#include "kedge/sketch/profile.h"

namespace {

using kedge::kFrameHeader;

// Frames nest, so the innermost is sealed first.
void reseal(std::vector<std::byte>& bytes) {
  for (std::size_t start = bytes.size(); start-- > 0;) {
    if (bytes.size() - start < kFrameHeader) continue;
    if (std::memcmp(bytes.data() + start, "KDGE", 4) != 0) continue;
    std::uint64_t length;
    std::memcpy(&length, bytes.data() + start + 16, sizeof length);
    if (length > bytes.size() - start - kFrameHeader) continue;
    const std::span<const std::byte> whole(bytes);
    const std::uint32_t crc = kedge::crc32c(whole.subspan(start + kFrameHeader, length),
                                            kedge::crc32c(whole.subspan(start + 8, 16)));
    std::memcpy(bytes.data() + start + 4, &crc, sizeof crc);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto raw = kedge::fuzz_bytes(data, size);
  std::vector<std::byte> bytes(raw.begin(), raw.end());
  reseal(bytes);
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

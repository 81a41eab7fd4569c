// Any bytes are a detector that writes back the same bytes and goes on, or a named error.

#include <vector>

#include "frames.h"
#include "fuzz.h"
#include "kedge/drift/classic/adwin.h"
#include "kedge/drift/classic/cusum.h"
#include "kedge/drift/classic/ddm.h"
#include "kedge/drift/classic/eddm.h"
#include "kedge/drift/classic/hddm_a.h"
#include "kedge/drift/classic/hddm_w.h"
#include "kedge/drift/classic/kswin.h"
#include "kedge/drift/classic/page_hinkley.h"

namespace {

using namespace kedge;

template <class Core>
void read_any(std::span<const std::byte> bytes) {
  try {
    auto stored = StreamDetector<Core>::from_bytes(bytes);
    fuzz_check(StreamDetector<Core>::from_bytes(stored.to_bytes()) == stored);
    const std::uint64_t before = stored.count();
    for (int i = 0; i < 100; ++i) stored.add(i / 7 % 2);
    fuzz_check(stored.count() == before + 100);
  } catch (const Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto given = fuzz_bytes(data, size);
  std::vector<std::byte> bytes(given.begin(), given.end());
  reseal(bytes);
  read_any<Adwin>(bytes);
  read_any<Cusum>(bytes);
  read_any<Ddm>(bytes);
  read_any<Eddm>(bytes);
  read_any<HddmA>(bytes);
  read_any<HddmW>(bytes);
  read_any<Kswin>(bytes);
  read_any<PageHinkley>(bytes);
  return 0;
}

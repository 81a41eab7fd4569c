// Any bytes are a board's note beside its windows, or CorruptData.

#include "fuzz.h"
#include "kedge/base/error.h"
#include "kedge/edge/window_store.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kedge;
  try {
    const auto bytes = edge::WindowNote::from_bytes(fuzz_bytes(data, size)).to_bytes();
    fuzz_check(edge::WindowNote::from_bytes(bytes).to_bytes() == bytes);
  } catch (const Error&) {
  }
  return 0;
}

// Any bytes are no record of the slots, or the one that was written.

#include "fuzz.h"
#include "kedge/edge/slot_state.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kedge;
  try {
    const auto state = edge::SlotState::from_bytes(fuzz_bytes(data, size));
    if (!state) return 0;
    const auto again = edge::SlotState::from_bytes(state->to_bytes());
    fuzz_check(again && *again == *state);
  } catch (const Error&) {
  }
  return 0;
}

// Whatever was signed as a file's custom part is an offer with sound numbers, none, or refused.

#include "fuzz.h"
#include "kedge/edge/signed_offers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kedge;
  edge::UpdateConfig update;
  update.model = "m";
  update.group = "line-a";
  trust::TargetFile file;
  file.path = "churn";
  file.facts.length = 100;
  file.facts.sha256 = Sha256Sum{};
  file.custom = as_text(fuzz_bytes(data, size));
  try {
    const auto offer = edge::offer_to(update, "pump-17", file);
    fuzz_check(!offer || (offer->image.version > 0 && offer->image.bytes == 100));
  } catch (const Error&) {
  }
  return 0;
}

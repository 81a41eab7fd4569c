// Any text or JSON is a model whose rows can be scored, or a named error.

#include "forest.h"
#include "kedge/base/bytes.h"
#include "kedge/model/lightgbm.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = kedge::as_text(kedge::fuzz_bytes(data, size));
  try {
    kedge::fuzz_forest(text.starts_with('{') ? kedge::import_lightgbm_json(text)
                                             : kedge::import_lightgbm(text));
  } catch (const kedge::Error&) {
  }
  return 0;
}

// Any text is a model whose rows can be scored, or a named error.

#include "forest.h"
#include "kedge/base/bytes.h"
#include "kedge/model/lightgbm.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    kedge::fuzz_scores(kedge::import_lightgbm(kedge::as_text(kedge::fuzz_bytes(data, size))));
  } catch (const kedge::Error&) {
  }
  return 0;
}

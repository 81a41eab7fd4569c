// Any bytes are a model whose rows can be scored, or a named error.

#include "forest.h"
#include "kedge/model/onnx.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    kedge::fuzz_forest(kedge::import_onnx(kedge::fuzz_bytes(data, size)));
  } catch (const kedge::Error&) {
  }
  return 0;
}

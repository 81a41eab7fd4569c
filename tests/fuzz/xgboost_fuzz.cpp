// Any bytes are a model of XGBoost that can be scored, or a named error.

#include "forest.h"
#include "fuzz.h"
#include "kedge/model/xgboost.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = kedge::fuzz_bytes(data, size);
  try {
    kedge::fuzz_forest(kedge::import_xgboost(bytes));
  } catch (const kedge::Error&) {
  }
  return 0;
}

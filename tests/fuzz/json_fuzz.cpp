// Any bytes are a document, whose every place can be asked for and says where it is, or a named
// error.

#include "fuzz.h"
#include "kedge/base/bytes.h"
#include "kedge/base/json.h"
#include "visit.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = kedge::fuzz_bytes(data, size);
  try {
    kedge::visit(kedge::read_json(kedge::as_text(bytes)));
  } catch (const kedge::Error&) {
  }
  return 0;
}

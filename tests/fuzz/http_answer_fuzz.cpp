// Any bytes are an answer's head with a status of three digits, or a named error.

#include "fuzz.h"
#include "kedge/base/bytes.h"
#include "kedge/edge/http_answer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto answer =
        kedge::edge::read_http_answer(kedge::as_text(kedge::fuzz_bytes(data, size)));
    kedge::fuzz_check(answer.status >= 100 && answer.status < 1000);
  } catch (const kedge::Error&) {
  }
  return 0;
}

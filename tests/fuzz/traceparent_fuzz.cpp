// Any text is a part of a trace, which spells it again, or of none.

#include <string>

#include "fuzz.h"
#include "kedge/base/bytes.h"
#include "kedge/base/hex.h"
#include "kedge/base/text.h"
#include "kedge/serve/traceparent.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view header = kedge::as_text(kedge::fuzz_bytes(data, size));
  const auto parent = kedge::read_traceparent(header);
  if (!parent) return 0;
  const std::string again =
      kedge::text("-", kedge::hex_of(parent->trace), "-", kedge::hex_of(parent->span), "-");
  kedge::fuzz_check(header.substr(2, again.size()) == again);
  return 0;
}

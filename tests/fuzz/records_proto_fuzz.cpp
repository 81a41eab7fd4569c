// Any bytes are descriptors or a named error; the first part's describe messages that the rest is a
// row of, or refused.

#include <algorithm>

#include "fuzz.h"
#include "kedge/arrow/check.h"
#include "kedge/base/bytes.h"
#include "kedge/records/proto_records.h"
#include "kedge/records/type_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kedge;
  if (size == 0) return 0;
  const auto bytes = fuzz_bytes(data + 1, size - 1);
  const std::size_t cut = std::min<std::size_t>(data[0], bytes.size());
  try {
    records::ProtoRecords decoder(
        {records::field_of_text("a", "utf8"), records::field_of_text("b", "int32"),
         records::field_of_text("m.b", "float64")},
        bytes.first(cut), "M", (size & 1) != 0);
    const bool taken = decoder.append(as_text(bytes.subspan(cut)));
    fuzz_check(taken || !decoder.columns().refusal().reason.empty());
    check_values(decoder.columns().take());
  } catch (const Error&) {
  }
  return 0;
}

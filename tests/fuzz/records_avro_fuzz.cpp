// Any text is a schema, whose canonical form is one too and is its own, or a named error; any bytes
// are a row of a fixed writer, or refused.

#include <string>

#include "fuzz.h"
#include "kedge/arrow/check.h"
#include "kedge/base/bytes.h"
#include "kedge/records/avro_records.h"
#include "kedge/records/type_text.h"

namespace kedge {
namespace {

constexpr std::string_view kWriter = R"({"type": "record", "name": "R", "fields": [
  {"name": "skipped", "type": {"type": "map", "values": {"type": "array", "items":
    ["null", "R", {"type": "fixed", "name": "F", "size": 2}, "boolean", "float"]}}},
  {"name": "text", "type": ["string", "bytes", {"type": "enum", "name": "E", "symbols": ["A"]}]},
  {"name": "at", "type": {"type": "long", "logicalType": "timestamp-nanos"}},
  {"name": "self", "type": ["null", "R"]}]})";

void check_schema(std::string_view text) {
  try {
    const std::string canonical = records::AvroSchema(text).canonical();
    fuzz_check(records::AvroSchema(canonical).canonical() == canonical);
  } catch (const Error&) {
  }
}

}  // namespace
}  // namespace kedge

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kedge;
  const std::string_view bytes = as_text(fuzz_bytes(data, size));
  check_schema(bytes);
  records::AvroRecords decoder({records::field_of_text("text", "utf8"),
                                records::field_of_text("self.text", "large_utf8"),
                                records::field_of_text("at", "timestamp[ms]")});
  decoder.set_writer(records::AvroSchema(kWriter));
  const bool taken = decoder.append(bytes);
  fuzz_check(taken || !decoder.columns().refusal().reason.empty());
  fuzz_check(decoder.columns().rows() == (taken ? 1 : 0));
  check_values(decoder.columns().take());
  return 0;
}

// Any bytes are rows or refused, one by one or as lines that are cut anywhere; what the JSON reader
// of models takes for an object, JsonRecords takes too, but for names twice and depth.

#include <string>

#include "fuzz.h"
#include "kedge/arrow/check.h"
#include "kedge/base/bytes.h"
#include "kedge/base/json.h"
#include "kedge/records/json_records.h"
#include "kedge/records/lines.h"
#include "kedge/records/type_text.h"

namespace kedge {
namespace {

records::JsonRecords decoder() {
  Schema schema;
  for (const char* const type : {"bool", "int8", "uint64", "float32", "float64", "utf8", "date32",
                                 "large_utf8", "timestamp[us]"}) {
    schema.push_back(records::field_of_text(type, type));
  }
  schema.push_back(records::field_of_text("a.b", "int32"));
  schema.push_back(records::field_of_text("a.c", "utf8"));
  return records::JsonRecords(std::move(schema));
}

bool is_json(std::string_view record) {
  try {
    return read_json(record).root().is_object();
  } catch (const Error&) {
    return false;
  }
}

}  // namespace
}  // namespace kedge

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kedge;
  const std::string_view text = as_text(fuzz_bytes(data, size));
  records::JsonRecords columns = decoder();
  records::Lines lines(4096);
  std::size_t rows = 0;
  const auto use = [&](std::string_view line, bool whole) {
    if (!whole) return;
    if (columns.append(line)) {
      ++rows;
    } else {
      fuzz_check(!columns.columns().refusal().reason.empty());
    }
  };
  lines.push(text.substr(0, size / 3), use);
  lines.push(text.substr(size / 3), use);
  lines.finish(use);
  fuzz_check(columns.columns().rows() == rows);
  check_values(columns.columns().take());

  // One column that no record has: only what is no JSON can be wrong.
  records::JsonRecords nothing({records::field_of_text("\x01", "bool")});
  if (is_json(text) && !nothing.append(text)) {
    const std::string& reason = nothing.columns().refusal().reason;
    fuzz_check(reason.find("nested") != std::string::npos ||
               reason.find("expected a value") != std::string::npos ||
               nothing.columns().refusal().field == "\x01");
  }
  return 0;
}

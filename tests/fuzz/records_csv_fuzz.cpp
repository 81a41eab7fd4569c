// Any bytes are rows or refused, and the same ones however the text is cut.

#include <string>
#include <vector>

#include "fuzz.h"
#include "kedge/arrow/check.h"
#include "kedge/base/bytes.h"
#include "kedge/records/csv_lines.h"
#include "kedge/records/csv_records.h"
#include "kedge/records/type_text.h"

namespace kedge {
namespace {

std::vector<std::string> records_of(std::string_view text, std::size_t cut) {
  records::CsvLines lines(',');
  std::vector<std::string> found;
  const auto use = [&](std::string_view line, bool whole) {
    fuzz_check(whole);
    found.emplace_back(line);
  };
  lines.push(text.substr(0, cut), use);
  lines.push(text.substr(cut), use);
  lines.finish(use);
  return found;
}

}  // namespace
}  // namespace kedge

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kedge;
  const std::string_view text = as_text(fuzz_bytes(data, size));
  const std::vector<std::string> found = records_of(text, size);
  fuzz_check(found == records_of(text, size / 2));

  Schema schema;
  std::vector<std::string> names;
  for (const char* const type : {"utf8", "float64", "int8", "bool", "timestamp[us]", "date32"}) {
    schema.push_back(records::field_of_text(type, type));
    names.emplace_back(type);
  }
  records::CsvRecords decoder(std::move(schema), {',', names});
  std::size_t rows = 0;
  for (const std::string& record : found) {
    if (decoder.append(record)) {
      ++rows;
    } else {
      fuzz_check(!decoder.columns().refusal().reason.empty());
    }
  }
  fuzz_check(decoder.columns().rows() == rows);
  check_values(decoder.columns().take());
  return 0;
}

// Any bytes are an append log of records that are written back as they were read, or a named error.

#include "fuzz.h"
#include "kedge/serve/append_log.h"
#include "kedge/serve/feedback.h"
#include "kedge/serve/service_records.h"

namespace kedge {
namespace {

void write_back(std::span<const std::byte> record) {
  const ServiceRecord read = read_record(record);
  const std::vector<std::byte> again = to_bytes(read);
  fuzz_check(to_bytes(read_record(again)) == again);
}

}  // namespace
}  // namespace kedge

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = kedge::fuzz_bytes(data, size);
  try {
    kedge::fuzz_check(kedge::read_log(bytes, kedge::write_back) <= size);
  } catch (const kedge::Error&) {
  }
  try {
    kedge::write_back(bytes);
  } catch (const kedge::Error&) {
  }
  try {
    const kedge::FeedbackRequest request = kedge::read_feedback(bytes);
    kedge::fuzz_check(request.labels.size() <= size);
  } catch (const kedge::Error&) {
  }
  return 0;
}

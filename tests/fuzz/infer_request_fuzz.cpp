// Any bytes are a request that can be answered with its own inputs, or a named error; the answer
// says the same when it is read as the request of the same tensors.

#include <vector>

#include "fuzz.h"
#include "kedge/serve/infer_request.h"
#include "kedge/serve/infer_response.h"

namespace kedge {
namespace {

std::size_t visit(const InferRequest& request) {
  std::size_t bytes = 0;
  for (const InferTensor& tensor : request.inputs()) {
    for (const std::byte byte : tensor.data) bytes += static_cast<std::size_t>(byte);
    for (const std::string_view value : tensor.strings) bytes += value.size();
  }
  return bytes;
}

// Of typed tensors: requests and responses have them in one form.
void round_trip(const InferRequest& request) {
  std::vector<std::byte> answer;
  InferResponse response(answer, request.is_raw());
  response.name(request.model_name(), request.model_version(), request.id());
  for (const InferTensor& tensor : request.inputs()) response.add(tensor);
  if (request.is_raw()) return;
  InferRequest again;
  again.read(answer);
  fuzz_check(again.inputs().size() == request.inputs().size());
  fuzz_check(visit(again) == visit(request));
}

}  // namespace
}  // namespace kedge

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kedge::InferRequest request;
  try {
    request.read(kedge::fuzz_bytes(data, size));
    kedge::round_trip(request);
  } catch (const kedge::Error&) {
  }
  return 0;
}

// Any bytes are a request that can be answered with its own inputs, or a named error; the answer
// says the same when it is read as the request of the same tensors. What was in shared memory says
// the same when the message is read again with what was fetched.

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

// Regions by any name, as long as one of them is.
class AnyRegions final : public RegionSource {
 public:
  void check(const RegionPlace& place, std::size_t taken) const override {
    if (place.offset > kBytes || place.bytes > kBytes - taken) throw invalid_argument("too much");
  }
  void read(const RegionPlace& place, std::span<std::byte> out) override {
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = i % 4 == 0 ? static_cast<std::byte>(place.offset % 8) : std::byte{0};
    }
  }

 private:
  static constexpr std::size_t kBytes = 4096;
};

void read(std::span<const std::byte> message) {
  AnyRegions regions;
  InferRequest request;
  request.read(message, &regions);
  round_trip(request);
  FetchedContents fetched(request.fetched());
  InferRequest again;
  again.read(message, &fetched);
  fuzz_check(visit(again) == visit(request));
  if (!request.fetched().empty()) return;
  again.read(message);
  fuzz_check(visit(again) == visit(request));
}

}  // namespace
}  // namespace kedge

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    kedge::read(kedge::fuzz_bytes(data, size));
  } catch (const kedge::Error&) {
  }
  return 0;
}

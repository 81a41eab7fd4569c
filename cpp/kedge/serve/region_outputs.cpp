#include "kedge/serve/region_outputs.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace kedge {

bool RegionOutputs::are_in(const InferRequest& request) {
  return std::ranges::any_of(request.outputs(), [](const RequestedOutput& output) {
    return find_parameter(output.parameters, kRegionName) != nullptr;
  });
}

RegionOutputs::RegionOutputs(const InferRequest& request, SharedRegions* regions, TensorSink& rest)
    : request_(request), regions_(regions), rest_(rest) {
  for (const RequestedOutput& output : request.outputs()) {
    in_tensor("output", output.name, [&] {
      const std::optional<RegionPlace> place = region_place(output.parameters);
      if (!place) return;
      if (regions == nullptr) {
        throw invalid_argument(kRegionName, " \"", place->region, "\": shared memory is off");
      }
      regions->check(*place, 0);
    });
  }
}

void RegionOutputs::add(const InferTensor& tensor) {
  const auto output = std::ranges::find(request_.outputs(), tensor.name, &RequestedOutput::name);
  if (output == request_.outputs().end()) return rest_.add(tensor);
  const std::optional<RegionPlace> place = region_place(output->parameters);
  if (!place) return rest_.add(tensor);
  in_tensor("output", tensor.name, [&] { regions_->write(*place, tensor.data); });
  const std::array<InferParameter, 3> parameters{
      InferParameter{kRegionName, place->region},
      InferParameter{kRegionBytes, static_cast<std::int64_t>(tensor.data.size())},
      InferParameter{kRegionOffset, static_cast<std::int64_t>(place->offset)}};
  InferTensor there = tensor;
  there.data = {};
  there.parameters = parameters;
  rest_.add(there);
}

}  // namespace kedge

#include "kedge/serve/region_place.h"

namespace kedge {

std::optional<RegionPlace> region_place(std::span<const InferParameter> parameters) {
  if (find_parameter(parameters, kRegionName) == nullptr) return std::nullopt;
  RegionPlace out;
  out.region = text_parameter(parameters, kRegionName);
  const std::optional<std::uint64_t> bytes = whole_parameter(parameters, kRegionBytes);
  if (!bytes) {
    throw invalid_argument(kRegionName, " \"", out.region, "\": ", kRegionBytes, " is missing");
  }
  out.bytes = *bytes;
  out.offset = whole_parameter(parameters, kRegionOffset).value_or(0);
  return out;
}

}  // namespace kedge

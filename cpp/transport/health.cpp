#include "transport/health.h"

#include "kedge/base/protobuf.h"

namespace kedge {

HealthState Health::state(std::span<const std::byte> request) const {
  std::string_view service;
  for (ProtoReader reader(request, "HealthCheckRequest"); reader.next();) {
    if (reader.field() == 1) service = reader.text();
  }
  if (!service.empty() && service != "inference.GRPCInferenceService") return HealthState::kUnknown;
  return is_serving_ ? HealthState::kServing : HealthState::kNotServing;
}

}  // namespace kedge

#include "kedge/serve/asks_for_explanation.h"

#include <algorithm>
#include <exception>
#include <string_view>
#include <variant>
#include <vector>

#include "kedge/base/protobuf.h"
#include "kedge/serve/parameters.h"

namespace kedge {
namespace {

constexpr std::string_view kExplain = "explain";

bool explains(std::string_view output) noexcept {
  return output == "contributions" || output == "base";
}

// That of an output or a parameter, of which the last one counts; empty without one.
std::string_view name_in(std::span<const std::byte> message) {
  std::string_view name;
  for (ProtoReader reader(message, "a name"); reader.next();) {
    if (reader.field() == 1) name = reader.text();
  }
  return name;
}

// What is no bool is told of by whoever wants it.
bool is_on(std::span<const InferParameter> parameters) noexcept {
  const ParameterValue* const found = find_parameter(parameters, kExplain);
  const auto* const flag = found == nullptr ? nullptr : std::get_if<bool>(found);
  return flag != nullptr && *flag;
}

}  // namespace

bool asks_for_explanation(std::span<const std::byte> request) noexcept {
  try {
    std::vector<InferParameter> flag;
    for (ProtoReader reader(request, "ModelInferRequest"); reader.next();) {
      if (reader.field() == 6 && explains(name_in(reader.bytes()))) return true;
      if (reader.field() == 4 && name_in(reader.bytes()) == kExplain) {
        read_parameter(reader.bytes(), 0, flag);
      }
    }
    return is_on(flag);
  } catch (const std::exception&) {
    return false;
  }
}

bool asks_for_explanation(const InferRequest& request) noexcept {
  return is_on(request.parameters()) ||
         std::ranges::any_of(request.outputs(), explains, &RequestedOutput::name);
}

}  // namespace kedge

// Parameters of requests, tensors and responses: names and values of five types.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "kedge/base/protobuf.h"
#include "kedge/base/protobuf_write.h"

namespace kedge {

// Nothing when the sender gave a name alone.
using ParameterValue =
    std::variant<std::monostate, bool, std::int64_t, std::string_view, double, std::uint64_t>;

// A view into the request.
struct InferParameter {
  std::string_view name;
  ParameterValue value;
};

// Of one map. They are looked up one by one.
inline constexpr std::size_t kMostParameters = 64;

// Text that must be UTF-8, as every string of a proto3 message must.
std::string_view utf8_text(const ProtoReader& reader, std::string_view what);

// One entry of a map, to those that begin at `first`; of two with one name the later one is kept.
// Throws ResourceExhausted beyond kMostParameters.
void read_parameter(std::span<const std::byte> entry, std::size_t first,
                    std::vector<InferParameter>& out);
void write_parameter(std::uint32_t field, const InferParameter& parameter, ProtoWriter& out);

// Null when there is none of that name.
const ParameterValue* find_parameter(std::span<const InferParameter> parameters,
                                     std::string_view name) noexcept;
// False when there is none. Throws InvalidArgument when it is no bool.
bool flag_parameter(std::span<const InferParameter> parameters, std::string_view name);
// Empty when there is none. Throws InvalidArgument when it is no text.
std::string_view text_parameter(std::span<const InferParameter> parameters, std::string_view name);
// None when there is none. Throws InvalidArgument when it is no int64 or uint64 from 0.
std::optional<std::uint64_t> whole_parameter(std::span<const InferParameter> parameters,
                                             std::string_view name);

}  // namespace kedge

#include "kedge/serve/parameters.h"

#include <bit>

#include "kedge/base/error.h"

namespace kedge {
namespace {

// A value that comes in parts is the last one that was named.
void read_value(std::span<const std::byte> bytes, ParameterValue& out) {
  for (ProtoReader reader(bytes, "InferParameter"); reader.next();) {
    switch (reader.field()) {
      case 1:
        out = reader.unsigned_integer() != 0;
        break;
      case 2:
        out = reader.integer();
        break;
      case 3:
        out = utf8_text(reader, "string_param");
        break;
      case 4:
        out = reader.float64();
        break;
      case 5:
        out = reader.unsigned_integer();
        break;
      default:
        break;
    }
  }
}

struct ValueWriter {
  ProtoWriter& out;

  void operator()(std::monostate) const {}
  void operator()(bool value) const { out.integer(1, value ? 1 : 0); }
  void operator()(std::int64_t value) const { out.integer(2, static_cast<std::uint64_t>(value)); }
  void operator()(std::string_view value) const { out.text(3, value); }
  void operator()(double value) const { out.float64(4, value); }
  void operator()(std::uint64_t value) const { out.integer(5, value); }
};

constexpr std::string_view kKinds[] = {"nothing", "a bool",   "an int64",
                                       "a text",  "a double", "a uint64"};

template <class Value>
Value parameter_of(std::span<const InferParameter> parameters, std::string_view name,
                   std::string_view wanted) {
  const ParameterValue* const found = find_parameter(parameters, name);
  if (found == nullptr) return {};
  const Value* const value = std::get_if<Value>(found);
  if (value == nullptr) {
    throw invalid_argument("parameter \"", name, "\": expected ", wanted, ", got ",
                           kKinds[found->index()]);
  }
  return *value;
}

}  // namespace

std::string_view utf8_text(const ProtoReader& reader, std::string_view what) {
  const std::string_view read = reader.text();
  if (!is_utf8(read)) throw corrupt_data(what, " is not UTF-8");
  return read;
}

void read_parameter(std::span<const std::byte> entry, std::size_t first,
                    std::vector<InferParameter>& out) {
  InferParameter read;
  for (ProtoReader reader(entry, "ParametersEntry"); reader.next();) {
    if (reader.field() == 1) read.name = utf8_text(reader, "the name of a parameter");
    if (reader.field() == 2) read_value(reader.bytes(), read.value);
  }
  for (std::size_t i = first; i < out.size(); ++i) {
    if (out[i].name == read.name) {
      out[i] = read;
      return;
    }
  }
  if (out.size() - first == kMostParameters) {
    throw resource_exhausted("more than ", kMostParameters, " parameters");
  }
  out.push_back(read);
}

void write_parameter(std::uint32_t field, const InferParameter& parameter, ProtoWriter& out) {
  out.message(field, [&] {
    out.text(1, parameter.name);
    out.message(2, [&] { std::visit(ValueWriter{out}, parameter.value); });
  });
}

const ParameterValue* find_parameter(std::span<const InferParameter> parameters,
                                     std::string_view name) noexcept {
  for (const InferParameter& parameter : parameters) {
    if (parameter.name == name) return &parameter.value;
  }
  return nullptr;
}

bool flag_parameter(std::span<const InferParameter> parameters, std::string_view name) {
  return parameter_of<bool>(parameters, name, "a bool");
}

std::string_view text_parameter(std::span<const InferParameter> parameters, std::string_view name) {
  return parameter_of<std::string_view>(parameters, name, "a text");
}

std::optional<std::uint64_t> whole_parameter(std::span<const InferParameter> parameters,
                                             std::string_view name) {
  const ParameterValue* const found = find_parameter(parameters, name);
  if (found == nullptr) return std::nullopt;
  if (const auto* const value = std::get_if<std::uint64_t>(found)) return *value;
  const auto value = parameter_of<std::int64_t>(parameters, name, "an int64");
  if (value < 0) throw invalid_argument("parameter \"", name, "\": ", value, " is below 0");
  return static_cast<std::uint64_t>(value);
}

}  // namespace kedge

#include "kedge/model/onnx_graph.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <type_traits>
#include <utility>

#include "kedge/base/bytes.h"
#include "kedge/base/protobuf.h"

namespace kedge {
namespace {

// Numbers of fields are those of onnx.proto.

std::optional<std::int64_t> read_dimension(std::span<const std::byte> bytes) {
  std::optional<std::int64_t> size;
  for (ProtoReader reader(bytes, "TensorShapeProto.Dimension"); reader.next();) {
    if (reader.field() == 1) size = reader.integer();
  }
  return size;
}

void read_tensor_type(std::span<const std::byte> bytes, OnnxValue& value) {
  for (ProtoReader reader(bytes, "TypeProto.Tensor"); reader.next();) {
    if (reader.field() == 1) value.type = static_cast<OnnxType>(reader.integer());
    if (reader.field() != 2) continue;
    for (ProtoReader shape(reader.bytes(), "TensorShapeProto"); shape.next();) {
      if (shape.field() == 1) value.shape.push_back(read_dimension(shape.bytes()));
    }
  }
}

OnnxValue read_value(std::span<const std::byte> bytes) {
  OnnxValue value;
  for (ProtoReader reader(bytes, "ValueInfoProto"); reader.next();) {
    if (reader.field() == 1) value.name = reader.text();
    if (reader.field() != 2) continue;
    for (ProtoReader type(reader.bytes(), "TypeProto"); type.next();) {
      if (type.field() == 1) read_tensor_type(type.bytes(), value);
    }
  }
  return value;
}

OnnxAttribute read_attribute(std::span<const std::byte> bytes) {
  OnnxAttribute attribute;
  for (ProtoReader reader(bytes, "AttributeProto"); reader.next();) {
    switch (reader.field()) {
      case 1:
        attribute.name = reader.text();
        break;
      case 2:
        attribute.real = reader.float32();
        break;
      case 3:
        attribute.integer = reader.integer();
        break;
      case 4:
        attribute.text = reader.text();
        break;
      case 5:
        attribute.tensor = reader.bytes();
        break;
      case 7:
        reader.append_to(attribute.floats);
        break;
      case 8:
        reader.append_to(attribute.integers);
        break;
      case 9:
        attribute.texts.push_back(reader.text());
        break;
      default:
        break;
    }
  }
  return attribute;
}

OnnxNode read_node(std::span<const std::byte> bytes) {
  OnnxNode node;
  for (ProtoReader reader(bytes, "NodeProto"); reader.next();) {
    if (reader.field() == 1) node.inputs.push_back(reader.text());
    if (reader.field() == 2) node.outputs.push_back(reader.text());
    if (reader.field() == 3) node.name = reader.text();
    if (reader.field() == 4) node.operation = reader.text();
    if (reader.field() == 5) node.attributes.push_back(read_attribute(reader.bytes()));
    if (reader.field() == 7) node.domain = reader.text();
  }
  return node;
}

void read_opset(std::span<const std::byte> bytes, OnnxGraph& graph) {
  std::string_view domain;
  std::int64_t version = 0;
  for (ProtoReader reader(bytes, "OperatorSetIdProto"); reader.next();) {
    if (reader.field() == 1) domain = reader.text();
    if (reader.field() == 2) version = reader.integer();
  }
  if (domain == "ai.onnx.ml") graph.ml_opset = version;
}

void read_graph(std::span<const std::byte> bytes, OnnxGraph& graph) {
  std::vector<std::string_view> constants;
  for (ProtoReader reader(bytes, "GraphProto"); reader.next();) {
    if (reader.field() == 1) graph.nodes.push_back(read_node(reader.bytes()));
    if (reader.field() == 5) {
      constants.push_back(onnx_tensor_name(reader.bytes()));
      graph.constants.push_back(reader.bytes());
    }
    if (reader.field() == 11) graph.inputs.push_back(read_value(reader.bytes()));
    if (reader.field() == 12) graph.outputs.push_back(read_value(reader.bytes()));
  }
  std::ranges::sort(constants);
  std::erase_if(graph.inputs, [&](const OnnxValue& input) {
    return std::ranges::binary_search(constants, input.name);
  });
}

struct Tensor {
  std::string_view name;
  std::vector<std::int64_t> shape;
  OnnxType type = OnnxType::kUnknown;
  std::span<const std::byte> raw;
  std::vector<float> floats;
  std::vector<double> doubles;
  std::vector<std::int64_t> integers;
  std::vector<std::string_view> texts;
  bool is_elsewhere = false;
};

Tensor read_tensor(std::span<const std::byte> bytes) {
  Tensor tensor;
  for (ProtoReader reader(bytes, "TensorProto"); reader.next();) {
    if (reader.field() == 1) reader.append_to(tensor.shape);
    if (reader.field() == 7) reader.append_to(tensor.integers);
    if (reader.field() == 8) tensor.name = reader.text();
    if (reader.field() == 2) tensor.type = static_cast<OnnxType>(reader.integer());
    if (reader.field() == 4) reader.append_to(tensor.floats);
    if (reader.field() == 5) reader.append_to(tensor.integers);
    if (reader.field() == 6) tensor.texts.push_back(reader.text());
    if (reader.field() == 9) tensor.raw = reader.bytes();
    if (reader.field() == 10) reader.append_to(tensor.doubles);
    if (reader.field() == 14) tensor.is_elsewhere = reader.integer() != 0;
  }
  return tensor;
}

// The elements of a tensor lie in its raw bytes, or in the list of their kind.
template <class Number, class Listed>
std::vector<double> elements(const Tensor& tensor, const std::vector<Listed>& listed) {
  if (tensor.raw.empty()) {
    if constexpr (std::is_integral_v<Number>) {  // of which the list has wider ones
      for (const Listed number : listed) {
        if (std::in_range<Number>(number)) continue;
        throw corrupt_data("tensor \"", tensor.name, "\" has ", number, ", beyond its type");
      }
    }
    return {listed.begin(), listed.end()};
  }
  if (tensor.raw.size() % sizeof(Number) != 0) {
    throw corrupt_data("TensorProto: ", tensor.raw.size(), " bytes, multiples of ", sizeof(Number),
                       " are wanted");
  }
  std::vector<double> numbers(tensor.raw.size() / sizeof(Number));
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    Number number;
    std::memcpy(&number, tensor.raw.data() + i * sizeof number, sizeof number);
    numbers[i] = static_cast<double>(number);
  }
  return numbers;
}

std::vector<double> numbers_of(const Tensor& tensor, std::string_view name) {
  switch (tensor.type) {
    case OnnxType::kFloat:
      return elements<float>(tensor, tensor.floats);
    case OnnxType::kDouble:
      return elements<double>(tensor, tensor.doubles);
    case OnnxType::kUint8:
    case OnnxType::kBool:
      return elements<std::uint8_t>(tensor, tensor.integers);
    case OnnxType::kInt8:
      return elements<std::int8_t>(tensor, tensor.integers);
    case OnnxType::kInt32:
      return elements<std::int32_t>(tensor, tensor.integers);
    case OnnxType::kInt64:
      return elements<std::int64_t>(tensor, tensor.integers);
    case OnnxType::kString:
      return {};
    default:
      throw unsupported("\"", name, "\" has elements of type ",
                        static_cast<std::int32_t>(tensor.type));
  }
}

}  // namespace

const OnnxAttribute* OnnxNode::find(std::string_view name) const {
  const auto found = std::ranges::find(attributes, name, &OnnxAttribute::name);
  return found == attributes.end() ? nullptr : &*found;
}

std::int64_t OnnxNode::integer(std::string_view name, std::int64_t otherwise) const {
  const OnnxAttribute* attribute = find(name);
  return attribute == nullptr ? otherwise : attribute->integer;
}

double OnnxNode::real(std::string_view name, double otherwise) const {
  const OnnxAttribute* attribute = find(name);
  return attribute == nullptr ? otherwise : double{attribute->real};
}

std::string_view OnnxNode::text(std::string_view name, std::string_view otherwise) const {
  const OnnxAttribute* attribute = find(name);
  return attribute == nullptr ? otherwise : attribute->text;
}

std::span<const std::int64_t> OnnxNode::integers(std::string_view name) const {
  const OnnxAttribute* attribute = find(name);
  if (attribute == nullptr) return {};
  return attribute->integers;
}

std::span<const std::string_view> OnnxNode::texts(std::string_view name) const {
  const OnnxAttribute* attribute = find(name);
  if (attribute == nullptr) return {};
  return attribute->texts;
}

std::vector<double> OnnxNode::numbers(std::string_view name) const {
  const OnnxAttribute* attribute = find(kedge::text(name, "_as_tensor"));
  if (attribute == nullptr) attribute = find(name);
  if (attribute == nullptr) return {};
  if (attribute->tensor.empty()) return {attribute->floats.begin(), attribute->floats.end()};
  const Tensor tensor = read_tensor(attribute->tensor);
  if (tensor.is_elsewhere) throw unsupported(operation, ": \"", name, "\" lies in another file");
  return numbers_of(tensor, kedge::text(operation, ".", name));
}

bool OnnxNode::has_known_domain() const noexcept {
  constexpr std::string_view kKnown[] = {"", "ai.onnx", "ai.onnx.ml", "com.microsoft"};
  return std::ranges::find(kKnown, domain) != std::end(kKnown);
}

bool OnnxNode::has_doubles(std::string_view name) const {
  for (const std::string& each : {kedge::text(name, "_as_tensor"), std::string(name)}) {
    const OnnxAttribute* attribute = find(each);
    if (attribute == nullptr || attribute->tensor.empty()) continue;
    if (read_tensor(attribute->tensor).type == OnnxType::kDouble) return true;
  }
  return false;
}

std::string_view onnx_tensor_name(std::span<const std::byte> bytes) {
  std::string_view name;
  for (ProtoReader reader(bytes, "TensorProto"); reader.next();) {
    if (reader.field() == 8) name = reader.text();
  }
  return name;
}

OnnxTensor read_onnx_tensor(std::span<const std::byte> bytes) {
  Tensor tensor = read_tensor(bytes);
  if (tensor.is_elsewhere) throw unsupported("tensor \"", tensor.name, "\" lies in another file");
  OnnxTensor read{tensor.name, tensor.type, tensor.shape, numbers_of(tensor, tensor.name), {}};
  if (tensor.type == OnnxType::kString) read.texts = std::move(tensor.texts);
  const std::size_t elements = read.numbers.size() + read.texts.size();
  std::uint64_t count = 1;
  for (const std::int64_t size : tensor.shape) {
    const auto most = static_cast<std::int64_t>(elements);
    if (size < 0 || size > most) count = 0;
    if (count != 0) count *= static_cast<std::uint64_t>(size);
    if (count > elements) count = 0;
  }
  if (count != elements) {
    throw corrupt_data("tensor \"", tensor.name, "\": ", elements,
                       " elements do not fit its shape");
  }
  return read;
}

OnnxGraph read_onnx(std::span<const std::byte> data) {
  OnnxGraph graph;
  bool has_graph = false;
  std::string_view producer;
  std::string_view version;
  for (ProtoReader reader(data, "ModelProto"); reader.next();) {
    if (reader.field() == 2) producer = reader.text();
    if (reader.field() == 3) version = reader.text();
    if (reader.field() == 8) read_opset(reader.bytes(), graph);
    if (reader.field() != 7) continue;
    if (has_graph) throw corrupt_data("ModelProto: a second graph");
    has_graph = true;
    read_graph(reader.bytes(), graph);
  }
  if (!has_graph) throw corrupt_data("ModelProto: no graph");
  graph.producer = kedge::text(producer, version.empty() ? "" : " ", version);
  return graph;
}

}  // namespace kedge

// What an ONNX file says, as far as importers ask: views into the file's bytes, which must outlive
// them. Nothing is interpreted here but the wire form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kedge/base/error.h"

namespace kedge {

// Of TensorProto.DataType, those that importers read.
enum class OnnxType : std::int32_t {
  kUnknown = 0,
  kFloat = 1,
  kUint8 = 2,
  kInt8 = 3,
  kInt32 = 6,
  kInt64 = 7,
  kString = 8,
  kBool = 9,
  kDouble = 11,
};

// An input or output of the graph: a matrix, of which a dimension may be unknown.
struct OnnxValue {
  std::string_view name;
  OnnxType type = OnnxType::kUnknown;
  std::vector<std::optional<std::int64_t>> shape;
};

struct OnnxAttribute {
  std::string_view name;
  float real = 0;
  std::int64_t integer = 0;
  std::string_view text;
  std::span<const std::byte> tensor;
  std::vector<float> floats;
  std::vector<std::int64_t> integers;
  std::vector<std::string_view> texts;
};

// Attributes are asked for by name. An attribute that is not there is an empty list, or
// `otherwise`.
struct OnnxNode {
  std::string_view name;
  std::string_view operation;
  std::string_view domain;
  std::vector<std::string_view> inputs;
  std::vector<std::string_view> outputs;
  std::vector<OnnxAttribute> attributes;

  const OnnxAttribute* find(std::string_view name) const;
  std::int64_t integer(std::string_view name, std::int64_t otherwise) const;
  double real(std::string_view name, double otherwise) const;
  std::string_view text(std::string_view name, std::string_view otherwise) const;
  std::span<const std::int64_t> integers(std::string_view name) const;
  std::span<const std::string_view> texts(std::string_view name) const;
  // The floats of `name`, or the numbers of the tensor `name`_as_tensor or `name`.
  std::vector<double> numbers(std::string_view name) const;
  // Whether its operator is one of ONNX's own, or of onnxruntime's: others may have the same names.
  bool has_known_domain() const noexcept;
  // Whether one of these tensors has doubles.
  bool has_doubles(std::string_view name) const;

  template <class... Parts>
  [[noreturn]] void refuse(const Parts&... parts) const {
    throw corrupt_data(operation, ": ", parts...);
  }
};

// A tensor that the file has the elements of, numbers as doubles.
struct OnnxTensor {
  std::string_view name;
  OnnxType type = OnnxType::kUnknown;
  std::vector<std::int64_t> shape;
  std::vector<double> numbers;
  std::vector<std::string_view> texts;  // of kString, instead
};

struct OnnxGraph {
  std::string producer;       // "skl2onnx 1.20.0"
  std::int64_t ml_opset = 0;  // which version of ai.onnx.ml it means
  std::vector<OnnxNode> nodes;
  std::vector<OnnxValue> inputs;  // without those that have a value in the file
  std::vector<OnnxValue> outputs;
  std::vector<std::span<const std::byte>> constants;  // TensorProto, for read_onnx_tensor
};

// Integers and truth values, which have no fractions.
constexpr bool is_whole(OnnxType type) noexcept {
  return type == OnnxType::kInt64 || type == OnnxType::kInt32 || type == OnnxType::kUint8 ||
         type == OnnxType::kInt8 || type == OnnxType::kBool;
}

// Throws CorruptData when the bytes are no ONNX model.
OnnxGraph read_onnx(std::span<const std::byte> data);

// Throws CorruptData when the shape and the numbers do not fit, Unsupported for elements of a kind
// that importers do not read, or that lie in another file.
OnnxTensor read_onnx_tensor(std::span<const std::byte> bytes);
// What read_onnx_tensor would call it.
std::string_view onnx_tensor_name(std::span<const std::byte> bytes);

}  // namespace kedge

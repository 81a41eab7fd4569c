#include "kedge/serve/tensor_rows.h"

#include <algorithm>
#include <cstring>

#include "kedge/base/error.h"
#include "kedge/score/match_features.h"

namespace kedge {
namespace {

template <class Number>
void widen(std::span<const std::byte> data, double* out) {
  for (std::size_t i = 0; i < data.size(); i += sizeof(Number)) {
    Number value;
    std::memcpy(&value, data.data() + i, sizeof value);
    *out++ = static_cast<double>(value);
  }
}

void read_numbers(const InferTensor& tensor, double* out) {
  switch (tensor.datatype) {
    case DataType::kBool:
      for (const std::byte value : tensor.data) *out++ = value == std::byte{0} ? 0 : 1;
      return;
    case DataType::kUint8:
      return widen<std::uint8_t>(tensor.data, out);
    case DataType::kUint16:
      return widen<std::uint16_t>(tensor.data, out);
    case DataType::kUint32:
      return widen<std::uint32_t>(tensor.data, out);
    case DataType::kUint64:
      return widen<std::uint64_t>(tensor.data, out);
    case DataType::kInt8:
      return widen<std::int8_t>(tensor.data, out);
    case DataType::kInt16:
      return widen<std::int16_t>(tensor.data, out);
    case DataType::kInt32:
      return widen<std::int32_t>(tensor.data, out);
    case DataType::kInt64:
      return widen<std::int64_t>(tensor.data, out);
    case DataType::kFp32:
      return widen<float>(tensor.data, out);
    case DataType::kFp64:
      return widen<double>(tensor.data, out);
    default:
      throw unsupported("tensor \"", tensor.name, "\": rows of ", row_of(tensor.datatype).name,
                        " are not read");
  }
}

Rows read_matrix(const InferTensor& tensor, std::size_t width, std::vector<double>& values) {
  if (tensor.shape.size() != 2) {
    throw invalid_argument("tensor \"", tensor.name, "\": has ", tensor.shape.size(),
                           " dimensions, [rows, ", width, "] is wanted");
  }
  if (static_cast<std::uint64_t>(tensor.shape[1]) != width) {
    throw invalid_argument("tensor \"", tensor.name, "\": has ", tensor.shape[1],
                           " columns, the model has ", width, " features");
  }
  if (tensor.elements == 0) return {};
  if (tensor.datatype != DataType::kFp32 && tensor.datatype != DataType::kFp64) {
    values.resize(tensor.elements);
    read_numbers(tensor, values.data());
    return rows_of(values, width);
  }
  Rows rows;
  rows.data = tensor.data.data();
  rows.count = tensor.elements / width;
  rows.is_float32 = tensor.datatype == DataType::kFp32;
  rows.column_stride = static_cast<std::ptrdiff_t>(row_of(tensor.datatype).size);
  rows.row_stride = rows.column_stride * static_cast<std::ptrdiff_t>(width);
  return rows;
}

// [rows] or [rows, 1].
bool is_column(const InferTensor& tensor) noexcept {
  return tensor.shape.size() == 1 || (tensor.shape.size() == 2 && tensor.shape[1] == 1);
}

void check_column(const InferTensor& tensor, const InferTensor& first) {
  if (!is_column(tensor)) {
    throw invalid_argument("tensor \"", tensor.name,
                           "\": one of several must be a column, [rows] or [rows, 1]");
  }
  if (tensor.elements != first.elements) {
    throw invalid_argument("tensor \"", tensor.name, "\": has ", tensor.elements, " rows, \"",
                           first.name, "\" has ", first.elements);
  }
}

void read_column(const InferTensor& tensor, const CategoryPlaces& places, double* out) {
  const bool is_text = tensor.datatype == DataType::kBytes;
  if (is_text ? places.empty() : !places.empty() && !places.has_numbers()) {
    throw invalid_argument("tensor \"", tensor.name, "\": expected ",
                           is_text ? "numbers" : "names of categories, as BYTES", ", got ",
                           row_of(tensor.datatype).name);
  }
  if (is_text) {
    for (const std::string_view name : tensor.strings) *out++ = places.of(name);
    return;
  }
  read_numbers(tensor, out);
  if (places.empty()) return;
  for (std::size_t i = 0; i < tensor.elements; ++i) out[i] = places.of(out[i]);
}

}  // namespace

TensorRows::TensorRows(std::span<const Feature> features, std::span<const CategoryPlaces> places)
    : features_(features),
      places_(places),
      has_names_(std::ranges::any_of(places, [](const auto& one) { return !one.empty(); })) {}

bool TensorRows::is_feature(std::string_view name) const noexcept {
  return std::ranges::any_of(features_, [&](const Feature& one) { return one.name == name; });
}

Rows TensorRows::read(std::span<const InferTensor> inputs, std::vector<double>& values) const {
  if (inputs.size() == 1 && !(is_column(inputs[0]) && is_feature(inputs[0].name))) {
    return read_matrix(inputs[0], features_.size(), values);
  }
  if (inputs.empty()) {
    throw invalid_argument("the request has no inputs, [rows, ", features_.size(), "] is wanted");
  }
  return read_columns(inputs, values);
}

Rows TensorRows::read_columns(std::span<const InferTensor> inputs,
                              std::vector<double>& values) const {
  std::vector<std::string_view> names;
  names.reserve(inputs.size());
  for (const InferTensor& tensor : inputs) names.push_back(tensor.name);
  const std::vector<std::size_t> found = match_features(features_, names);
  for (const InferTensor& tensor : inputs) check_column(tensor, inputs[0]);
  const std::size_t count = inputs[0].elements;
  values.resize(features_.size() * count);
  for (std::size_t i = 0; i < found.size(); ++i) {
    read_column(inputs[found[i]], places_[i], values.data() + i * count);
  }
  return columns_of(values, count);
}

}  // namespace kedge

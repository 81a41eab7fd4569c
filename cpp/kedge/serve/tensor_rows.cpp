#include "kedge/serve/tensor_rows.h"

#include <cstring>

#include "kedge/base/error.h"

namespace kedge {
namespace {

template <class Number>
void append_doubles(std::span<const std::byte> data, std::vector<double>& out) {
  for (std::size_t i = 0; i < data.size(); i += sizeof(Number)) {
    Number value;
    std::memcpy(&value, data.data() + i, sizeof value);
    out.push_back(static_cast<double>(value));
  }
}

void read_doubles(const InferTensor& tensor, std::vector<double>& out) {
  switch (tensor.datatype) {
    case DataType::kBool:
      for (const std::byte value : tensor.data) out.push_back(value == std::byte{0} ? 0 : 1);
      return;
    case DataType::kUint8:
      return append_doubles<std::uint8_t>(tensor.data, out);
    case DataType::kUint16:
      return append_doubles<std::uint16_t>(tensor.data, out);
    case DataType::kUint32:
      return append_doubles<std::uint32_t>(tensor.data, out);
    case DataType::kUint64:
      return append_doubles<std::uint64_t>(tensor.data, out);
    case DataType::kInt8:
      return append_doubles<std::int8_t>(tensor.data, out);
    case DataType::kInt16:
      return append_doubles<std::int16_t>(tensor.data, out);
    case DataType::kInt32:
      return append_doubles<std::int32_t>(tensor.data, out);
    case DataType::kInt64:
      return append_doubles<std::int64_t>(tensor.data, out);
    default:
      throw unsupported("tensor \"", tensor.name, "\": rows of ", row_of(tensor.datatype).name,
                        " are not read");
  }
}

}  // namespace

Rows tensor_rows(const Model& model, std::span<const InferTensor> inputs,
                 std::vector<double>& values) {
  if (inputs.size() != 1) {
    throw invalid_argument("the request has ", inputs.size(), " inputs, one of [rows, ",
                           model.features(), "] is wanted");
  }
  const InferTensor& tensor = inputs.front();
  if (tensor.shape.size() != 2) {
    throw invalid_argument("tensor \"", tensor.name, "\": has ", tensor.shape.size(),
                           " dimensions, [rows, ", model.features(), "] is wanted");
  }
  if (static_cast<std::uint64_t>(tensor.shape[1]) != model.features()) {
    throw invalid_argument("tensor \"", tensor.name, "\": has ", tensor.shape[1],
                           " columns, the model has ", model.features(), " features");
  }
  if (tensor.elements == 0) return {};
  const std::size_t width = model.features();
  if (tensor.datatype != DataType::kFp32 && tensor.datatype != DataType::kFp64) {
    values.clear();
    values.reserve(tensor.elements);
    read_doubles(tensor, values);
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

}  // namespace kedge

#include "kedge/serve/infer_response.h"

#include <cstring>

#include "kedge/base/bytes.h"

namespace kedge {
namespace {

template <class Number>
void write_integers(std::span<const std::byte> data, ProtoWriter& out) {
  for (std::size_t i = 0; i < data.size(); i += sizeof(Number)) {
    Number value;
    std::memcpy(&value, data.data() + i, sizeof value);
    out.packed(static_cast<std::uint64_t>(value));  // int32 is spelled as int64, by its sign
  }
}

void write_elements(const InferTensor& tensor, ProtoWriter& out) {
  switch (tensor.datatype) {
    case DataType::kBool:
    case DataType::kUint8:
      return write_integers<std::uint8_t>(tensor.data, out);
    case DataType::kUint16:
      return write_integers<std::uint16_t>(tensor.data, out);
    case DataType::kUint32:
      return write_integers<std::uint32_t>(tensor.data, out);
    case DataType::kInt8:
      return write_integers<std::int8_t>(tensor.data, out);
    case DataType::kInt16:
      return write_integers<std::int16_t>(tensor.data, out);
    case DataType::kInt32:
      return write_integers<std::int32_t>(tensor.data, out);
    case DataType::kUint64:
    case DataType::kInt64:
      return write_integers<std::uint64_t>(tensor.data, out);
    default:
      return out.append(tensor.data);
  }
}

}  // namespace

void InferResponse::name(std::string_view model_name, std::string_view model_version,
                         std::string_view id) {
  out_.text(1, model_name);
  out_.text(2, model_version);
  if (!id.empty()) out_.text(3, id);
}

void InferResponse::add(const InferTensor& tensor) {
  out_.message(5, [&] {
    out_.text(1, tensor.name);
    out_.text(2, row_of(tensor.datatype).name);
    out_.message(3, [&] {
      for (const std::int64_t length : tensor.shape) {
        out_.packed(static_cast<std::uint64_t>(length));
      }
    });
    for (const InferParameter& parameter : tensor.parameters) write_parameter(4, parameter, out_);
    if (!is_raw_) add_contents(tensor);
  });
  if (is_raw_) add_raw(tensor);
}

void InferResponse::add_contents(const InferTensor& tensor) {
  const std::uint32_t field = row_of(tensor.datatype).contents;
  out_.message(5, [&] {
    if (tensor.datatype == DataType::kBytes) {
      for (const std::string_view value : tensor.strings) out_.text(field, value);
    } else {
      out_.message(field, [&] { write_elements(tensor, out_); });
    }
  });
}

void InferResponse::add_raw(const InferTensor& tensor) {
  if (tensor.datatype != DataType::kBytes) return out_.bytes(6, tensor.data);
  out_.message(6, [&] {
    for (const std::string_view value : tensor.strings) {
      const auto length = static_cast<std::uint32_t>(value.size());
      out_.append(std::as_bytes(std::span(&length, 1)));
      out_.append(as_bytes(value));
    }
  });
}

}  // namespace kedge

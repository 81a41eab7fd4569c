// The datatypes of the Open Inference Protocol.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace kedge {

enum class DataType : std::uint8_t {
  kBool,
  kUint8,
  kUint16,
  kUint32,
  kUint64,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kFp16,
  kFp32,
  kFp64,
  kBytes,
  kBf16,
};

struct DataTypeRow {
  std::string_view name;
  std::size_t size;             // of an element; 0 of BYTES
  std::uint32_t contents;       // its field in InferTensorContents; 0 when it can only be raw
  std::string_view field_name;  // of that field
};

// In the order of the enum, which is that of the protocol's own numbers: those are one more.
std::span<const DataTypeRow> datatypes() noexcept;

inline const DataTypeRow& row_of(DataType type) noexcept {
  return datatypes()[static_cast<std::size_t>(type)];
}
std::optional<DataType> find_datatype(std::string_view name) noexcept;

// The field of InferTensorContents with that number; empty when there is none.
std::string_view contents_name(std::uint32_t field) noexcept;

}  // namespace kedge

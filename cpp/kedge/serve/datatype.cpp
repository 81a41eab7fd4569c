#include "kedge/serve/datatype.h"

namespace kedge {
namespace {

constexpr DataTypeRow kDataTypes[] = {
    {"BOOL", 1, 1, "bool_contents"},     {"UINT8", 1, 4, "uint_contents"},
    {"UINT16", 2, 4, "uint_contents"},   {"UINT32", 4, 4, "uint_contents"},
    {"UINT64", 8, 5, "uint64_contents"}, {"INT8", 1, 2, "int_contents"},
    {"INT16", 2, 2, "int_contents"},     {"INT32", 4, 2, "int_contents"},
    {"INT64", 8, 3, "int64_contents"},   {"FP16", 2, 0, ""},
    {"FP32", 4, 6, "fp32_contents"},     {"FP64", 8, 7, "fp64_contents"},
    {"BYTES", 0, 8, "bytes_contents"},   {"BF16", 2, 0, ""},
};

}  // namespace

std::span<const DataTypeRow> datatypes() noexcept { return kDataTypes; }

std::optional<DataType> find_datatype(std::string_view name) noexcept {
  for (std::size_t i = 0; i < std::size(kDataTypes); ++i) {
    if (kDataTypes[i].name == name) return static_cast<DataType>(i);
  }
  return std::nullopt;
}

std::string_view contents_name(std::uint32_t field) noexcept {
  for (const DataTypeRow& row : kDataTypes) {
    if (row.contents == field && field != 0) return row.field_name;
  }
  return {};
}

}  // namespace kedge

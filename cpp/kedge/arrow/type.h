// The Arrow types that kedge takes, and their spelling in the C data interface's format strings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kedge/arrow/abi.h"

namespace kedge {

enum class TypeId : std::uint8_t {
  kBool,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kUint8,
  kUint16,
  kUint32,
  kUint64,
  kFloat16,
  kFloat32,
  kFloat64,
  kTimestamp,  // int64 since 1970-01-01 in `unit`
  kDate32,     // int32 days
  kDate64,     // int64 milliseconds
  kUtf8,
  kLargeUtf8,
  kUtf8View,
  kStruct,
  kOpaque,  // one that we cannot read: it may be carried past, not looked into
  // Of results only: given out, and opaque when they come in.
  kList,         // int32 offsets into its one child
  kLargeBinary,  // as large_utf8, of any bytes
};

enum class TimeUnit : std::uint8_t { kSecond, kMilli, kMicro, kNano };

struct Field;

struct Type {
  TypeId id = TypeId::kFloat64;
  TimeUnit unit = TimeUnit::kSecond;       // of a timestamp
  std::string timezone;                    // of a timestamp, empty when it has none
  std::shared_ptr<const Type> dictionary;  // the values' type, when the column holds their indices
  bool ordered = false;                    // of a dictionary
  std::string foreign;                     // of an opaque one: what its users call it
  std::vector<Field> children;             // of a struct; one of a list

  friend bool operator==(const Type& a, const Type& b);
};

struct Field {
  std::string name;
  Type type;
  bool nullable = true;
  // What is to be known of the column beside its type, by name; given out, not taken in.
  std::vector<std::pair<std::string, std::string>> metadata = {};

  friend bool operator==(const Field&, const Field&) = default;
};

using Schema = std::vector<Field>;

// Bytes a value takes in the values buffer, 0 for bool and struct. Offsets for utf8, binary and
// list, views for utf8_view.
std::size_t value_bytes(TypeId id) noexcept;
bool is_string(TypeId id) noexcept;
bool is_integer(TypeId id) noexcept;
bool is_time(TypeId id) noexcept;  // timestamps and dates
// Arrow's "null", which a column without any value has where nobody said what it holds. Opaque.
bool is_nothing(const Type& type) noexcept;

// As Arrow's users write it: "timestamp[us, UTC]", "dictionary<utf8, int32>", "struct<a: int8>".
std::string type_name(const Type& type);

// Throws Unsupported that names the column when its type, or a child's, is opaque.
void check_readable(const Field& field);

// The format string of the C data interface; a dictionary's is that of its index.
std::string format_of(const Type& type);

// The field that an ABI schema describes; a type that is not in TypeId becomes opaque. Throws
// InvalidArgument for a released or malformed schema.
Field import_field(const ArrowSchema& schema);

}  // namespace kedge

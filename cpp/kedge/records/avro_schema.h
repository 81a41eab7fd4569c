// Avro schemas (Apache Avro 1.12) as their writers spell them in JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kedge::records {

enum class AvroKind : std::uint8_t {
  kNull,
  kBoolean,
  kInt,
  kLong,
  kFloat,
  kDouble,
  kBytes,
  kString,
  kRecord,
  kEnum,
  kArray,
  kMap,
  kUnion,
  kFixed,
};

// Logical types that change what a value is; others are their underlying type, as Avro asks.
enum class AvroLogical : std::uint8_t { kNone, kDate, kMillis, kMicros, kNanos, kDecimal };

struct AvroType {
  AvroKind kind = AvroKind::kNull;
  AvroLogical logical = AvroLogical::kNone;
  std::string name;                   // with its namespace, of a record, an enum and a fixed
  std::vector<std::string> names;     // of a record's fields, an enum's symbols
  std::vector<std::uint32_t> inside;  // types of fields, branches, items or values
  std::uint64_t size = 0;             // of a fixed
  bool is_empty = false;              // every value of it is no byte
};

// What the type is called in errors.
std::string_view avro_name(AvroKind kind) noexcept;

class AvroSchema {
 public:
  static constexpr std::size_t kMostNesting = 64;
  static constexpr std::size_t kMostTypes = 10'000;

  // Throws CorruptData that names the place for what is no schema, ResourceExhausted beyond the
  // limits above.
  explicit AvroSchema(std::string_view json);

  const AvroType& type(std::uint32_t i) const noexcept { return types_[i]; }
  // Of a datum; types refer to types by their places.
  std::uint32_t root() const noexcept { return root_; }

  // The Parsing Canonical Form, and its CRC-64-AVRO.
  std::string canonical() const;
  std::uint64_t fingerprint() const;

 private:
  friend class AvroSchemaReader;
  void find_empty();

  std::vector<AvroType> types_;
  std::uint32_t root_ = 0;
};

}  // namespace kedge::records

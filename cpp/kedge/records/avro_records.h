// Avro records (Apache Avro 1.12, binary encoding) into columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include "kedge/records/avro_plan.h"
#include "kedge/records/record_columns.h"

namespace kedge::records {

// The id before a message of a schema registry: a zero, then four bytes, the highest first.
inline constexpr std::size_t kSchemaIdBytes = 5;
std::optional<std::uint32_t> schema_id_of(std::string_view record) noexcept;

// A column's name is the path to its field, through records and unions of one with null. Enums are
// texts, times come from logical types in any unit that holds them, numbers are promoted as Avro
// says and integers never wrap. Fields that no column asks for are skipped without being looked
// into, but for their lengths. Refused are: what ends too early or too late, lengths and places out
// of bounds, text that is not UTF-8, nesting beyond kMostNesting, null where the schema has none.
//
// O(bytes), and no allocation after warm-up for records that are not refused.
class AvroRecords {
 public:
  static constexpr std::size_t kMostNesting = 128;

  explicit AvroRecords(Schema schema) : columns_(std::move(schema)) {}

  // Records are bare, and all of this writer; throws as AvroPlan.
  void set_writer(AvroSchema writer);
  // Records that come with this id are of this writer.
  void add_writer(std::uint32_t id, AvroSchema writer);

  // Appends a row; or none, and columns().refusal() says why: the writer is unknown, for one.
  bool append(std::string_view record);

  RecordColumns& columns() noexcept { return columns_; }

 private:
  bool read_part(std::uint32_t part);
  bool read_union(const AvroPlan::Part& part);
  bool read_column(const AvroPlan::Part& part);
  bool read_time(const AvroPlan::Part& part, AvroLogical logical, std::int64_t value);
  bool skip(std::uint32_t type);
  bool skip_blocks(const AvroType& type);
  bool skip_bytes(std::uint64_t bytes);
  bool skip_record(const AvroType& type);

  bool take_long(std::int64_t& value);
  bool take_index(std::size_t below, std::size_t& index);
  bool take_text(std::string_view& value);
  template <class Number>
  bool take_fixed(Number& value);
  template <class... Parts>
  bool fail(const Parts&... parts);

  RecordColumns columns_;
  std::optional<AvroPlan> bare_;
  std::map<std::uint32_t, AvroPlan> framed_;
  const AvroPlan* plan_ = nullptr;  // of the record being read
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
};

}  // namespace kedge::records

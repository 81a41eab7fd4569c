// Messages of Protocol Buffers into columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kedge/base/protobuf.h"
#include "kedge/records/proto_schema.h"
#include "kedge/records/record_columns.h"

namespace kedge::records {

// A column's name is the path to its field. Integers are in any integer column that they fit in or,
// as in Protocol Buffers, in a float; enums are texts (those without a name are refused) or
// numbers; google.protobuf.Timestamp is a time. A field that is absent is null where it has
// presence, else zero; below a message that is absent all is null. Unknown fields are skipped.
//
// Refused are, beside what is no message: a field of a column twice, though a parser would take the
// last; text that is not UTF-8; times that the column's unit does not hold.
class ProtoRecords {
 public:
  // `framed`: before each message stand a zero, a schema's id of four bytes and the place of the
  // message's type in its file, as schema registries have them; the place must be `message`'s.
  // Throws InvalidArgument that names a column that no field can be, or that is repeated.
  ProtoRecords(Schema schema, std::span<const std::byte> descriptors, std::string_view message,
               bool framed);

  // Targets point into the schema, which may move but not be copied from under them.
  ProtoRecords(const ProtoRecords&) = delete;
  ProtoRecords& operator=(const ProtoRecords&) = delete;
  ProtoRecords(ProtoRecords&&) = default;
  ProtoRecords& operator=(ProtoRecords&&) = default;
  ~ProtoRecords() = default;

  // Appends a row; or none, and columns().refusal() says why.
  bool append(std::string_view record);

  RecordColumns& columns() noexcept { return columns_; }

 private:
  struct Target {
    ProtoField field;
    bool is_column = false;
    std::uint32_t place = 0;  // of the column, or of a message below
    const std::map<std::int32_t, std::string>* names = nullptr;
  };
  struct Below {
    std::string path;
    std::vector<Target> targets;
    std::uint64_t seen = 0;
  };

  std::uint32_t add(std::string_view message, const std::string& path);
  void add_target(std::uint32_t below, const ProtoField& field, const std::string& path);
  bool read(std::uint32_t below, std::span<const std::byte> bytes);
  bool read_target(const Target& target, const ProtoReader& reader);
  bool read_integer(const Target& target, std::uint64_t bits);
  bool read_enum(const Target& target, std::int32_t number);
  bool read_time(std::uint32_t column, std::span<const std::byte> bytes);
  bool fill(std::uint32_t below);
  bool take_frame(std::string_view& record);

  RecordColumns columns_;
  ProtoSchema schema_;
  bool framed_;
  std::vector<std::int64_t> place_;
  std::vector<Below> belows_;
  std::vector<std::uint64_t> set_by_;  // the record that set each column last
  std::uint64_t record_ = 0;
};

}  // namespace kedge::records

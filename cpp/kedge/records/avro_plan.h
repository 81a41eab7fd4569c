// What each part of a writer's records is to the columns of a reader: a value of one, a record with
// columns in it, or nothing that is asked for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kedge/arrow/type.h"
#include "kedge/records/avro_schema.h"

namespace kedge::records {

class AvroPlan {
 public:
  enum class Use : std::uint8_t { kSkip, kColumn, kRecord, kUnion };

  struct Part {
    Use use = Use::kSkip;
    std::uint32_t type = 0;
    std::uint32_t column = 0;
    std::vector<std::uint32_t> inside;  // parts of fields or branches
  };

  // Throws InvalidArgument that names the column, its type and the writer's, where no value of one
  // can be the other or where a column that may not be null is in no record; Unsupported for a
  // decimal.
  AvroPlan(AvroSchema writer, const Schema& reader);

  const AvroSchema& schema() const noexcept { return schema_; }
  const Part& part(std::uint32_t i) const noexcept { return parts_[i]; }
  std::uint32_t root() const noexcept { return root_; }

 private:
  std::uint32_t add(std::uint32_t type, const std::string& path, const Schema& reader);
  std::uint32_t add_part(Use use, std::uint32_t type);
  void add_fields(std::uint32_t part, std::uint32_t type, const std::string& path,
                  const Schema& reader);

  AvroSchema schema_;
  std::vector<Part> parts_;
  std::vector<bool> found_;  // columns
  std::uint32_t root_ = 0;
};

}  // namespace kedge::records

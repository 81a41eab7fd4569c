// The batch that a decoder fills, record by record: a record is a row of every column, or it is
// refused as a whole and says why.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kedge/arrow/batch.h"
#include "kedge/base/text.h"
#include "kedge/records/record_column.h"

namespace kedge::records {

// Why a record is no row.
struct Refusal {
  std::string field;   // empty when it is the record itself
  std::string reason;  // `wanted int64, got "twelve"`
};

// What was got, for a reason: of UTF-8, cut short; and in quotes.
std::string excerpt(std::string_view text);
std::string quoted_excerpt(std::string_view text);

// One record after the other: begin(), a set for each field that it has, commit(). Whatever answers
// false has refused the record, whose refusal() says why; the next begin() forgets it.
//
// No allocation for a record once the columns have grown to the size of a batch.
class RecordColumns {
 public:
  // Throws InvalidArgument without columns or for a name twice, Unsupported as RecordColumn.
  explicit RecordColumns(Schema schema);

  const Schema& schema() const noexcept { return *schema_; }
  std::size_t size() const noexcept { return columns_.size(); }
  std::size_t rows() const noexcept { return rows_; }
  const Refusal& refusal() const noexcept { return refusal_; }

  void begin();

  // A field that the record has twice is refused. A null is refused where the schema has none.
  bool set_null(std::size_t column);
  bool set_bool(std::size_t column, bool value);
  bool set_integer(std::size_t column, std::int64_t value);
  bool set_unsigned(std::size_t column, std::uint64_t value);
  bool set_double(std::size_t column, double value);
  bool set_decimal(std::size_t column, const Decimal& value);
  bool set_text(std::size_t column, std::string_view value);

  // Fields that were not set are null; refused where the schema has none.
  bool commit();

  // Refuses the record: `field` is empty when it is the record itself.
  template <class... Parts>
  [[gnu::always_inline]] bool refuse(std::string_view field, const Parts&... parts) {
    return refuse_for(field, part_kinds<Parts...>(), part_address(parts)...);
  }
  // The column wants another kind of value than `got`.
  bool refuse_value(std::size_t column, std::string_view got);

  // The rows so far; valid until the next begin(), after which they may be overwritten.
  const Batch& view();
  // Empty again, the memory kept.
  void clear() noexcept { rows_ = 0; }
  // The rows so far, with their memory; empty again.
  Batch take();

 private:
  template <std::same_as<const void*>... Addresses>
  [[gnu::noinline]] bool refuse_for(std::string_view field, std::uint64_t kinds,
                                    Addresses... addresses) {
    const std::array<const void*, sizeof...(addresses)> all = {addresses...};
    refusal_.field = field;
    refusal_.reason.clear();
    append_parts(refusal_.reason, kinds, all);
    return false;
  }
  bool is_first(std::size_t column);

  std::shared_ptr<const Schema> schema_;
  std::vector<RecordColumn> columns_;
  Batch view_;
  std::vector<std::uint64_t> set_by_;  // the record that set each column last
  std::uint64_t record_ = 0;
  std::size_t set_ = 0;  // columns of this record
  std::size_t rows_ = 0;
  std::size_t capacity_ = 0;
  std::size_t expected_rows_;  // of the next batch
  Refusal refusal_;
};

}  // namespace kedge::records

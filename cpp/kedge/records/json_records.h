// JSON records (RFC 8259, strict) into columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "kedge/records/field_paths.h"
#include "kedge/records/record_columns.h"

namespace kedge::records {

// One record is one object. A column's name is the path to its field ("user.id"); a path that is
// not there is null, and so is all below a null. Fields that no column asks for are checked as JSON
// and counted. Refused are: what is no JSON, text that is not UTF-8, a field of a column twice,
// values nested deeper than kMostNesting, and values that the column's type does not hold as they
// are (RecordColumn): integer columns take digits without point or exponent, float columns the
// nearest number to any digits.
//
// O(bytes), without recursion beyond the columns' paths, and without allocation after warm-up for
// records that are not refused.
class JsonRecords {
 public:
  static constexpr std::size_t kMostNesting = 128;

  explicit JsonRecords(Schema schema);

  // Appends a row; or none, and columns().refusal() says why.
  bool append(std::string_view record);

  RecordColumns& columns() noexcept { return columns_; }
  // Fields that no column asked for, in all records so far.
  std::uint64_t skipped() const noexcept { return skipped_; }

 private:
  template <class... Parts>
  bool fail(const Parts&... parts);
  bool expected(std::string_view what);
  void skip_space() noexcept {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  bool takes(char wanted) noexcept {
    if (at_ == text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  static bool is_space(char c) noexcept { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
  bool word(std::string_view wanted);
  bool string(std::string_view& value);
  bool colon();
  // Behind a value: whether another one follows, in `more`.
  bool comma_or(char end, bool& more);
  bool object(std::uint32_t node);
  bool member(std::uint32_t node, std::uint32_t& last);
  bool child_value(const FieldPaths::Child& child);
  bool column_value(std::uint32_t column);
  bool number(std::uint32_t column);
  bool skip_value();
  bool skip_scalar();

  RecordColumns columns_;
  FieldPaths paths_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::uint64_t record_ = 0;
  std::uint64_t skipped_ = 0;
  std::string unescaped_;
};

}  // namespace kedge::records

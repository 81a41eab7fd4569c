// CSV records (RFC 4180) into columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kedge/records/record_columns.h"

namespace kedge::records {

struct CsvOptions {
  char delimiter = ',';
  // Of the fields, in order; none when the first record says them.
  std::vector<std::string> names;
};

// A field is what stands between delimiters, spaces too; in quotes it may hold delimiters, line
// ends and quotes, each of these twice. An empty field is null, but a text of no bytes in quotes.
// Numbers are spelled as in JSON, and floats may be NaN and inf; bools are true, True, TRUE, 1 and
// their opposites; times are as in RecordColumn. A line end behind the record is not part of it.
// Refused are records with another number of fields than there are names, quotes that do not fit,
// and text that is not UTF-8.
class CsvRecords {
 public:
  // Throws InvalidArgument for a delimiter that is a quote, a line end or no ASCII, and as the
  // header's record.
  CsvRecords(Schema schema, const CsvOptions& options);

  // Appends a row; or none, and columns().refusal() says why. The header is no row: it throws
  // InvalidArgument when it lacks a column, or has one twice.
  bool append(std::string_view record);
  // The next record is a header, if there are such.
  void restart() noexcept { header_read_ = has_names_; }

  RecordColumns& columns() noexcept { return columns_; }
  char delimiter() const noexcept { return delimiter_; }
  // Fields that no column asked for, in all records so far.
  std::uint64_t skipped() const noexcept { return skipped_; }

 private:
  struct CsvField {
    std::string_view text;
    bool quoted = false;
  };

  void read_header(std::string_view record);
  void use_names(const std::vector<std::string>& names);
  bool next(CsvField& field);
  bool next_quoted(CsvField& field);
  bool set(std::uint32_t column, const CsvField& field);
  bool set_value(std::uint32_t column, const Type& type, std::string_view text);

  RecordColumns columns_;
  char delimiter_;
  bool has_names_;
  bool header_read_ = false;
  std::vector<std::uint32_t> targets_;  // a column for each field
  std::string_view text_;
  std::size_t at_ = 0;  // behind the end when there is no further field
  std::uint64_t skipped_ = 0;
  std::string unquoted_;
};

}  // namespace kedge::records

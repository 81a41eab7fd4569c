#include "kedge/records/csv_records.h"

#include <algorithm>
#include <array>
#include <limits>

#include "kedge/arrow/numeric.h"
#include "kedge/base/decimal.h"
#include "kedge/base/error.h"

namespace kedge::records {
namespace {

constexpr std::uint32_t kNoColumn = 0xffffffff;

std::optional<bool> bool_of(std::string_view text) {
  static constexpr std::array<std::string_view, 4> kTrue = {"true", "True", "TRUE", "1"};
  static constexpr std::array<std::string_view, 4> kFalse = {"false", "False", "FALSE", "0"};
  if (std::ranges::find(kTrue, text) != kTrue.end()) return true;
  if (std::ranges::find(kFalse, text) != kFalse.end()) return false;
  return std::nullopt;
}

std::optional<double> word_of(std::string_view text) {
  static constexpr std::array<std::string_view, 3> kNan = {"NaN", "nan", "NAN"};
  static constexpr std::array<std::string_view, 3> kInfinity = {"inf", "Infinity", "Inf"};
  const bool negative = text.starts_with('-');
  if (std::ranges::find(kNan, text) != kNan.end()) return std::numeric_limits<double>::quiet_NaN();
  if (std::ranges::find(kInfinity, text.substr(negative ? 1 : 0)) == kInfinity.end()) {
    return std::nullopt;
  }
  const double infinity = std::numeric_limits<double>::infinity();
  return negative ? -infinity : infinity;
}

}  // namespace

CsvRecords::CsvRecords(Schema schema, const CsvOptions& options)
    : columns_(std::move(schema)),
      delimiter_(options.delimiter),
      has_names_(!options.names.empty()) {
  const auto byte = static_cast<unsigned char>(delimiter_);
  if (byte >= 0x80 || byte == '"' || byte == '\n' || byte == '\r' || byte == 0) {
    throw invalid_argument(
        "a delimiter is an ASCII character other than a quote or a line end, got ", "byte ",
        static_cast<unsigned>(byte));
  }
  if (has_names_) use_names(options.names);
  restart();
}

void CsvRecords::use_names(const std::vector<std::string>& names) {
  targets_.assign(names.size(), kNoColumn);
  for (std::uint32_t column = 0; column < columns_.size(); ++column) {
    const std::string& wanted = columns_.schema()[column].name;
    const auto found = std::ranges::find(names, wanted);
    if (found == names.end()) {
      throw invalid_argument("column \"", wanted, "\" is none of the ", names.size(),
                             " fields of the header");
    }
    if (std::find(found + 1, names.end(), wanted) != names.end()) {
      throw invalid_argument("column \"", wanted, "\" is in the header twice");
    }
    targets_[static_cast<std::size_t>(found - names.begin())] = column;
  }
}

void CsvRecords::read_header(std::string_view record) {
  if (record.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);  // what some put before UTF-8
  std::vector<std::string> names;
  for (CsvField field; at_ <= text_.size();) {
    if (!next(field)) throw invalid_argument("the header: ", columns_.refusal().reason);
    names.emplace_back(field.text);
  }
  use_names(names);
}

bool CsvRecords::append(std::string_view record) {
  columns_.begin();
  if (record.ends_with('\n')) record.remove_suffix(1);
  if (record.ends_with('\r')) record.remove_suffix(1);
  text_ = record;
  at_ = 0;
  if (!header_read_) {
    read_header(record);
    header_read_ = true;
    return true;
  }
  if (!is_utf8(record)) return columns_.refuse({}, "it is not UTF-8");
  std::size_t fields = 0;
  for (CsvField field; at_ <= text_.size(); ++fields) {
    if (!next(field)) return false;
    if (fields < targets_.size() && !set(targets_[fields], field)) return false;
  }
  if (fields != targets_.size()) {
    return columns_.refuse({}, "it has ", fields, " fields, not ", targets_.size());
  }
  return columns_.commit();
}

bool CsvRecords::next(CsvField& field) {
  if (at_ < text_.size() && text_[at_] == '"') return next_quoted(field);
  const std::size_t end = std::min(text_.find(delimiter_, at_), text_.size());
  field = {text_.substr(at_, end - at_), false};
  if (field.text.find('"') != std::string_view::npos) {
    return columns_.refuse({}, "a quote within the field at byte ", at_,
                           ", which has none around it");
  }
  at_ = end + 1;
  return true;
}

bool CsvRecords::next_quoted(CsvField& field) {
  const std::size_t start = ++at_;
  std::size_t end = text_.find('"', at_);
  bool doubled = false;
  while (end != std::string_view::npos && text_.substr(end + 1).starts_with('"')) {
    if (!doubled) unquoted_.clear();
    doubled = true;
    unquoted_ += text_.substr(at_, end + 1 - at_);
    at_ = end + 2;
    end = text_.find('"', at_);
  }
  if (end == std::string_view::npos) {
    return columns_.refuse({}, "the quotes from byte ", start - 1, " on do not end");
  }
  if (doubled) unquoted_ += text_.substr(at_, end - at_);
  field = {doubled ? std::string_view(unquoted_) : text_.substr(start, end - start), true};
  if (end + 1 < text_.size() && text_[end + 1] != delimiter_) {
    return columns_.refuse({}, "the quotes at byte ", end, " end within a field");
  }
  at_ = end + 2;
  return true;
}

bool CsvRecords::set(std::uint32_t column, const CsvField& field) {
  if (column == kNoColumn) {
    ++skipped_;
    return true;
  }
  const Type& type = columns_.schema()[column].type;
  if (field.text.empty() && !(field.quoted && is_string(type.id))) return columns_.set_null(column);
  return set_value(column, type, field.text);
}

bool CsvRecords::set_value(std::uint32_t column, const Type& type, std::string_view text) {
  if (is_string(type.id)) return columns_.set_text(column, text);
  if (type.id == TypeId::kBool) {
    const auto value = bool_of(text);
    return value ? columns_.set_bool(column, *value)
                 : columns_.refuse_value(column, quoted_excerpt(text));
  }
  if (const auto number = read_decimal(text); number && number->spelling.size() == text.size()) {
    return columns_.set_decimal(column, *number);
  }
  if (const auto word = word_of(text); word && !is_integral(type)) {
    return columns_.set_double(column, *word);
  }
  return is_time(type.id) ? columns_.set_text(column, text)
                          : columns_.refuse_value(column, quoted_excerpt(text));
}

}  // namespace kedge::records

// Records of CSV out of chunks that end anywhere: lines, but for those that end within quotes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "kedge/records/lines.h"

namespace kedge::records {

// As Lines, in memory and for its use.
class CsvLines {
 public:
  explicit CsvLines(char delimiter, std::size_t most_bytes = Lines::kMostBytes)
      : lines_(most_bytes), most_bytes_(most_bytes), delimiter_(delimiter) {}

  template <class Use>
  void push(std::string_view chunk, const Use& use) {
    lines_.push(chunk, [&](std::string_view line, bool whole) { add(line, whole, use); });
  }

  // A record whose quotes do not end is one too.
  template <class Use>
  void finish(const Use& use) {
    lines_.finish([&](std::string_view line, bool whole) { add(line, whole, use); });
    if (!open_.empty()) end(open_, true, use);
  }

 private:
  template <class Use>
  void add(std::string_view line, bool whole, const Use& use) {
    if (open_.empty() && (!whole || line.find('"') == std::string_view::npos)) {
      return end(line, whole, use);
    }
    scan(line);
    open_ += line;
    whole = whole && open_.size() <= most_bytes_;
    if (whole && quoted_) {
      open_ += '\n';
    } else {
      end(std::string_view(open_).substr(0, most_bytes_), whole, use);
    }
  }

  template <class Use>
  void end(std::string_view record, bool whole, const Use& use) {
    use(record, whole);
    open_.clear();
    quoted_ = false;
    at_start_ = true;
  }

  // Quotes open at a field's start only; elsewhere they are a mistake, which ends with its line.
  void scan(std::string_view line) noexcept {
    for (const char c : line) {
      if (c == '"' && (quoted_ || at_start_ || after_quote_)) {
        after_quote_ = quoted_;
        quoted_ = !quoted_;
        at_start_ = false;
        continue;
      }
      at_start_ = !quoted_ && c == delimiter_;
      after_quote_ = false;
    }
    if (!quoted_) after_quote_ = false;
  }

  Lines lines_;
  std::size_t most_bytes_;
  char delimiter_;
  std::string open_;  // lines of a record that goes on
  bool quoted_ = false;
  bool at_start_ = true;
  bool after_quote_ = false;
};

}  // namespace kedge::records

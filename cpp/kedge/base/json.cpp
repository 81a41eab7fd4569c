#include "kedge/base/json.h"

#include <algorithm>
#include <limits>

#include "kedge/base/decimal.h"
#include "kedge/base/json_string.h"

namespace kedge {
namespace {

class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  Document read() {
    if (text_.size() > DocumentBuilder::kMostBytes) {
      throw resource_exhausted("JSON: ", text_.size(), " bytes, at most ",
                               DocumentBuilder::kMostBytes, " are read");
    }
    value();
    while (out_.depth() > 0) step();
    skip_space();
    if (at_ < text_.size()) fail("expected the end, got ", got());
    return out_.finish();
  }

 private:
  template <class... Parts>
  [[noreturn, gnu::always_inline]] void fail(const Parts&... parts) const {
    fail_for(kedge::text(parts...));
  }
  [[noreturn]] void fail_for(const std::string& reason) const {
    const std::string_view before = text_.substr(0, at_);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const std::size_t start = before.find_last_of('\n');
    const std::size_t column = start == std::string_view::npos ? at_ + 1 : at_ - start;
    throw corrupt_data("JSON, line ", line, ", column ", column, ": ", reason);
  }

  std::string got() const {
    if (at_ == text_.size()) return "the end";
    const char c = text_[at_];
    if (c > ' ' && c < 0x7f) return kedge::text('\'', c, '\'');
    return kedge::text("byte ", static_cast<unsigned char>(c));
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) {
      ++at_;
    }
  }

  // The next element, member or end of the innermost array or object.
  void step() {
    const bool object = out_.in_object();
    const char end = object ? '}' : ']';
    skip_space();
    if (peek() == end) {
      if (after_comma_) fail("expected ", object ? "a name" : "a value", ", got '", end, '\'');
      return close();
    }
    if (!first_ && !after_comma_) {
      if (peek() != ',') fail("expected ',' or '", end, "', got ", got());
      ++at_;
      after_comma_ = true;
      return;
    }
    first_ = after_comma_ = false;
    if (object) name();
    value();
  }

  void open(bool object) {
    if (out_.depth() == DocumentBuilder::kMostNesting) {
      throw resource_exhausted("JSON: values are nested deeper than ",
                               DocumentBuilder::kMostNesting);
    }
    ++at_;
    object ? out_.open_object() : out_.open_array();
    first_ = true;
    after_comma_ = false;
  }

  void close() {
    if (const auto name = out_.close()) fail("the object has \"", *name, "\" twice");
    ++at_;
    first_ = false;
  }

  void name() {
    if (peek() != '"') fail("expected a name, got ", got());
    string();
    skip_space();
    if (peek() != ':') fail("expected ':', got ", got());
    ++at_;
  }

  void value() {
    skip_space();
    switch (peek()) {
      case '{':
        return open(true);
      case '[':
        return open(false);
      case '"':
        return string();
      case 't':
        return word("true"), out_.boolean(true);
      case 'f':
        return word("false"), out_.boolean(false);
      case 'n':
        return word("null"), out_.null();
      case 'N':
        return word("NaN"), out_.number(std::numeric_limits<double>::quiet_NaN());
      case 'I':
        return word("Infinity"), out_.number(std::numeric_limits<double>::infinity());
      default:
        return number();
    }
  }

  void word(std::string_view wanted) {
    if (text_.substr(at_, wanted.size()) != wanted) fail("expected a value, got ", got());
    at_ += wanted.size();
  }

  void number() {
    if (text_.substr(at_).starts_with("-I")) {
      ++at_;
      word("Infinity");
      return out_.number(-std::numeric_limits<double>::infinity());
    }
    const auto number = read_decimal(text_.substr(at_));
    if (!number) fail("expected a value, got ", got());
    at_ += number->spelling.size();
    // An integer has no -0.
    if (const auto integer = number->int64(); integer && !(number->negative && *integer == 0)) {
      return out_.integer(*integer);
    }
    const auto nearest = number->float64();
    if (!nearest) fail("the number is beyond a double");
    out_.number(*nearest);
  }

  void string() {
    const JsonString read = read_json_string(text_, at_, unescaped_);
    at_ = read.end;
    if (read.problem != nullptr) fail(read.problem);
    out_.text(read.value);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool first_ = false;        // nothing was read since the innermost one opened
  bool after_comma_ = false;  // and something must follow
  DocumentBuilder out_;
  std::string unescaped_;
};

}  // namespace

Document read_json(std::string_view text) { return JsonReader(text).read(); }

}  // namespace kedge

#include "kedge/model/json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace kedge {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xc0 | code >> 6);
  } else {
    if (code < 0x10000) {
      put(0xe0 | code >> 12);
    } else {
      put(0xf0 | code >> 18);
      put(0x80 | (code >> 12 & 0x3f));
    }
    put(0x80 | (code >> 6 & 0x3f));
  }
  put(0x80 | (code & 0x3f));
}

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
  [[noreturn]] void fail(const Parts&... parts) const {
    const std::string_view before = text_.substr(0, at_);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const std::size_t start = before.find_last_of('\n');
    const std::size_t column = start == std::string_view::npos ? at_ + 1 : at_ - start;
    throw corrupt_data("JSON, line ", line, ", column ", column, ": ", parts...);
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

  void digits() {
    if (!is_digit(peek())) fail("expected a digit, got ", got());
    while (is_digit(peek())) ++at_;
  }

  void number() {
    const std::size_t start = at_;
    const bool negative = peek() == '-';
    at_ += negative ? 1 : 0;
    if (negative && peek() == 'I') {
      word("Infinity");
      return out_.number(-std::numeric_limits<double>::infinity());
    }
    if (!is_digit(peek())) fail("expected a value, got ", got());
    const bool zero = peek() == '0';
    zero ? void(++at_) : digits();
    bool whole = !(zero && negative);  // an integer has no -0
    if (peek() == '.') {
      whole = false;
      ++at_;
      digits();
    }
    if (peek() == 'e' || peek() == 'E') {
      whole = false;
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      digits();
    }
    convert(text_.substr(start, at_ - start), whole);
  }

  void convert(std::string_view digits, bool whole) {
    if (whole) {
      if (const auto integer = number_of<std::int64_t>(digits)) return out_.integer(*integer);
    }
    const auto number = number_of<double>(digits);
    if (!number || std::isinf(*number)) fail("the number is beyond a double");
    out_.number(*number);
  }

  void string() {
    const std::size_t start = ++at_;
    while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\') plain();
    if (peek() == '"') return finish_string(text_.substr(start, at_ - start));
    unescaped_.assign(text_.substr(start, at_ - start));
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\') {
        escape();
      } else {
        unescaped_ += text_[at_];
        plain();
      }
    }
    if (at_ == text_.size()) fail("the string does not end");
    finish_string(unescaped_);
  }

  void plain() {
    if (static_cast<unsigned char>(text_[at_]) < ' ') fail("a string has ", got());
    ++at_;
  }

  void finish_string(std::string_view value) {
    if (!is_utf8(value)) fail("the string that ends here is not UTF-8");
    ++at_;
    out_.text(value);
  }

  void escape() {
    ++at_;
    static constexpr std::string_view kLetters = "\"\\/bfnrt";
    static constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    const char letter = peek();
    if (const auto i = kLetters.find(letter); i != std::string_view::npos) {
      unescaped_ += kMeanings[i];
      ++at_;
      return;
    }
    if (letter != 'u') fail("expected an escape, got ", got());
    std::uint32_t code = code_unit();
    if (code >= 0xd800 && code < 0xdc00 && text_.substr(at_, 2) == "\\u") {
      ++at_;
      const std::uint32_t low = code_unit();
      if (low < 0xdc00 || low >= 0xe000) fail("half a surrogate pair");
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    if (code >= 0xd800 && code < 0xe000) fail("half a surrogate pair");
    append_utf8(unescaped_, code);
  }

  // Four hexadecimal digits after the 'u' that is at the position.
  std::uint32_t code_unit() {
    std::uint32_t unit = 0;
    const std::string_view hex = text_.substr(at_ + 1, 4);
    const auto result = std::from_chars(hex.data(), hex.data() + hex.size(), unit, 16);
    if (hex.size() < 4 || result.ptr != hex.data() + 4) fail("expected four hexadecimal digits");
    at_ += 5;
    return unit;
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

#include "kedge/base/toml_string.h"

#include <charconv>
#include <cstdint>

namespace kedge {
namespace {

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
    return;
  }
  const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  constexpr unsigned kLead[] = {0, 0xc0, 0xe0, 0xf0};
  out += static_cast<char>(kLead[more] | code >> (6 * more));
  for (int i = more - 1; i >= 0; --i) out += static_cast<char>(0x80 | (code >> (6 * i) & 0x3f));
}

class StringReader {
 public:
  StringReader(std::string_view text, std::size_t at) : text_(text), at_(at) {}

  TomlString read(bool multiline) {
    quote_ = text_[at_];
    const std::string three(3, quote_);
    lines_ = multiline && text_.substr(at_).starts_with(three);
    at_ += lines_ ? 3 : 1;
    if (lines_) takes("\n") || takes("\r\n");
    while (out_.problem == nullptr && !ends(three)) step();
    out_.end = at_;
    return std::move(out_);
  }

 private:
  bool takes(std::string_view wanted) {
    if (!text_.substr(at_).starts_with(wanted)) return false;
    at_ += wanted.size();
    return true;
  }
  bool ends(const std::string& three) {
    if (!lines_) return takes({&quote_, 1});
    if (!text_.substr(at_).starts_with(three)) return false;
    // Up to two more belong to the string.
    while (text_.substr(at_ + 1).starts_with(three)) out_.value += text_[at_++];
    at_ += 3;
    return true;
  }
  void step() {
    if (at_ == text_.size()) return fail("the string does not end");
    const char c = text_[at_];
    if (c == '\\' && quote_ == '"') return escape();
    const bool is_line_end = c == '\n' || (c == '\r' && text_.substr(at_ + 1).starts_with('\n'));
    if (is_line_end && !lines_) return fail("the string does not end on its line");
    if (!is_line_end && ((static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f)) {
      return fail("a control character in a string");
    }
    out_.value += c;
    ++at_;
  }
  void escape() {
    constexpr std::string_view kNames = "btnfre\"\\", kValues = "\b\t\n\f\r\x1b\"\\";
    const char name = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (name == 'u' || name == 'U') return code_point(name == 'u' ? 4 : 8);
    const std::size_t found = name == 'e' ? std::string_view::npos : kNames.find(name);
    if (name != '\0' && found != std::string_view::npos) {
      out_.value += kValues[found];
      at_ += 2;
      return;
    }
    if (!lines_) return fail("no such escape");
    std::size_t end = text_.find_first_not_of(" \t\r", at_ + 1);
    if (end == std::string_view::npos || text_[end] != '\n') return fail("no such escape");
    end = text_.find_first_not_of(" \t\r\n", end);
    at_ = end == std::string_view::npos ? text_.size() : end;
  }
  void code_point(std::size_t digits) {
    const std::string_view word = text_.substr(at_ + 2, digits);
    std::uint32_t code = 0;
    const auto read = std::from_chars(word.data(), word.data() + word.size(), code, 16);
    const bool is_whole = word.size() == digits && read.ptr == word.data() + word.size();
    if (!is_whole || read.ec != std::errc{} || code > 0x10ffff ||
        (code >= 0xd800 && code < 0xe000)) {
      return fail("no such character");
    }
    append_utf8(out_.value, code);
    at_ += 2 + digits;
  }
  void fail(const char* problem) { out_.problem = problem; }

  std::string_view text_;
  std::size_t at_;
  char quote_ = '"';
  bool lines_ = false;
  TomlString out_;
};

}  // namespace

TomlString read_toml_string(std::string_view text, std::size_t start, bool multiline) {
  return StringReader(text, start).read(multiline);
}

}  // namespace kedge

#include "kedge/base/json_string.h"

#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>

#include "kedge/base/text.h"

namespace kedge {
namespace {

constexpr std::uint64_t kOnes = 0x0101010101010101;
constexpr std::uint64_t kTops = 0x8080808080808080;

// The top bit of each byte that is zero; those above the first one may be wrong.
constexpr std::uint64_t zero_bytes(std::uint64_t word) { return (word - kOnes) & ~word & kTops; }

// The top bit of each byte that is a quote, a backslash or a control character, down from the first
// of them; and of those beyond ASCII.
struct Marks {
  std::uint64_t stops;
  std::uint64_t wide;
};
Marks marks_of(const char* at) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  const std::uint64_t controls = (word - kOnes * ' ') & ~word & kTops;
  return {zero_bytes(word ^ kOnes * '"') | zero_bytes(word ^ kOnes * '\\') | controls,
          word & kTops};
}

bool is_stop(char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < ' '; }

class StringReader {
 public:
  StringReader(std::string_view text, std::size_t start, std::string& unescaped)
      : text_(text), at_(start + 1), unescaped_(unescaped) {}

  JsonString read() {
    const std::size_t start = at_;
    skip_plain();
    if (at_ < text_.size() && text_[at_] == '"') return finish(text_.substr(start, at_ - start));
    unescaped_.assign(text_.substr(start, at_ - start));
    while (problem_ == nullptr) {
      if (at_ == text_.size()) return failed("the string does not end");
      if (text_[at_] == '"') return finish(unescaped_);
      if (text_[at_] != '\\') return failed("a string has a control character");
      escape();
      const std::size_t plain = at_;
      skip_plain();
      unescaped_.append(text_.substr(plain, at_ - plain));
    }
    return failed(problem_);
  }

 private:
  JsonString failed(const char* problem) const { return {{}, at_, problem}; }

  JsonString finish(std::string_view value) const {
    if (wide_ != 0 && !is_utf8(value)) return failed("the string that ends here is not UTF-8");
    return {value, at_ + 1, nullptr};
  }

  // To the next quote, backslash or control character.
  void skip_plain() {
    constexpr std::size_t kWord = sizeof(std::uint64_t);
    for (; at_ + kWord <= text_.size(); at_ += kWord) {
      const Marks marks = marks_of(text_.data() + at_);
      wide_ |= marks.wide;
      if (marks.stops == 0) continue;
      at_ += static_cast<std::size_t>(std::countr_zero(marks.stops)) / 8;
      return;
    }
    for (; at_ < text_.size() && !is_stop(text_[at_]); ++at_) {
      wide_ |= static_cast<unsigned char>(text_[at_]) & 0x80u;
    }
  }

  void escape() {
    ++at_;
    static constexpr std::string_view kLetters = "\"\\/bfnrt";
    static constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    const char letter = at_ < text_.size() ? text_[at_] : '\0';
    if (const auto i = kLetters.find(letter); i != std::string_view::npos) {
      unescaped_ += kMeanings[i];
      ++at_;
      return;
    }
    if (letter != 'u') return fail("expected an escape");
    std::uint32_t code = code_unit();
    if (code >= 0xd800 && code < 0xdc00 && text_.substr(at_, 2) == "\\u") {
      ++at_;
      const std::uint32_t low = code_unit();
      if (low < 0xdc00 || low >= 0xe000) return fail("half a surrogate pair");
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    if (code >= 0xd800 && code < 0xe000) return fail("half a surrogate pair");
    append_utf8(code);
  }

  // Four hexadecimal digits after the 'u' that is at the position.
  std::uint32_t code_unit() {
    std::uint32_t unit = 0;
    const std::string_view hex = text_.substr(at_ + 1, 4);
    const auto result = std::from_chars(hex.data(), hex.data() + hex.size(), unit, 16);
    if (hex.size() < 4 || result.ptr != hex.data() + 4) {
      fail("expected four hexadecimal digits");
      return 0;
    }
    at_ += 5;
    return unit;
  }

  void append_utf8(std::uint32_t code) {
    const auto put = [&](std::uint32_t byte) { unescaped_ += static_cast<char>(byte); };
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

  void fail(const char* problem) {
    if (problem_ == nullptr) problem_ = problem;
  }

  std::string_view text_;
  std::size_t at_;
  std::string& unescaped_;
  std::uint64_t wide_ = 0;
  const char* problem_ = nullptr;
};

}  // namespace

JsonString read_json_string(std::string_view text, std::size_t start, std::string& unescaped) {
  return StringReader(text, start, unescaped).read();
}

std::string json_quoted(std::string_view value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < ' ' || c == '\x7f') {
      out += text("\\u00", kDigits[byte >> 4U], kDigits[byte & 15U]);
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + '"';
}

}  // namespace kedge

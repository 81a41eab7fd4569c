#include "kedge/expr/lexer.h"

#include <algorithm>
#include <array>

#include "kedge/base/error.h"

namespace kedge::expr {
namespace {

constexpr std::array<std::string_view, 9> kReserved = {"and",  "or",      "not",  "in",   "is",
                                                       "null", "between", "true", "false"};

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// Bytes from 0x80 on are letters: names may be in any script.
bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// The end of the letters, digits and dots between them that begin at `at`, which holds a letter.
std::size_t word_end(std::string_view source, std::size_t at) noexcept {
  const auto goes_on = [&](std::size_t i) {
    return i < source.size() && (is_letter(source[i]) || is_digit(source[i]));
  };
  while (goes_on(at)) {
    ++at;
    if (at + 1 < source.size() && source[at] == '.' && is_letter(source[at + 1])) ++at;
  }
  return at;
}

}  // namespace

bool is_word(std::string_view text, std::string_view word) noexcept {
  return std::equal(text.begin(), text.end(), word.begin(), word.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + ('a' - 'A')) : a) == b;
  });
}

bool is_reserved(std::string_view text) noexcept {
  return std::any_of(kReserved.begin(), kReserved.end(),
                     [&](std::string_view word) { return is_word(text, word); });
}

bool is_plain_name(std::string_view name) noexcept {
  return !name.empty() && is_letter(name.front()) && word_end(name, 0) == name.size() &&
         !is_reserved(name);
}

void Lexer::fail_at(std::size_t at, const std::string& what) const {
  constexpr std::size_t kShown = 40;
  const auto inside = [&](std::size_t i) {
    return i < source_.size() && (static_cast<unsigned char>(source_[i]) & 0xc0) == 0x80;
  };
  std::size_t begin = at > kShown ? at - kShown : 0;
  std::size_t end = std::min(source_.size(), at + kShown);
  while (inside(begin)) ++begin;
  while (inside(end)) ++end;
  throw invalid_argument("expression \"", begin > 0 ? "..." : "",
                         source_.substr(begin, end - begin), end < source_.size() ? "..." : "",
                         "\": column ", at + 1, ": ", what);
}

Token Lexer::next() {
  while (is_space(peek())) ++at_;
  Token token;
  token.begin = at_;
  const char c = peek();
  if (at_ == source_.size()) {
    token.kind = TokenKind::kEnd;
  } else if (c == '\'' || c == '"' || c == '`') {
    token.kind = c == '`' ? TokenKind::kName : TokenKind::kText;
    quoted(token);
  } else if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
    token.kind = TokenKind::kNumber;
    number(token);
  } else if (is_letter(c)) {
    token.kind = TokenKind::kWord;
    at_ = word_end(source_, at_);
  } else {
    token.kind = TokenKind::kSign;
    sign();
  }
  token.end = at_;
  return token;
}

void Lexer::quoted(Token& token) {
  const char quote = peek();
  for (++at_; at_ < source_.size(); ++at_) {
    if (peek() == quote) {
      if (peek(1) != quote) break;
      ++at_;
    }
    token.text += peek();
  }
  if (at_ == source_.size()) fail(token.begin, "the ", quote, " is never closed");
  ++at_;
  if (quote == '`' && token.text.empty()) fail(token.begin, "a column has no name");
}

void Lexer::number(Token& token) {
  bool whole = true;
  while (is_digit(peek())) ++at_;
  if (peek() == '.') {
    whole = false;
    if (!is_digit(peek(1))) fail(at_ + 1, "expected a digit after the point");
    for (++at_; is_digit(peek());) ++at_;
  }
  if (peek() == 'e' || peek() == 'E') {
    whole = false;
    ++at_;
    if (peek() == '+' || peek() == '-') ++at_;
    if (!is_digit(peek())) fail(at_, "expected the digits of an exponent");
    while (is_digit(peek())) ++at_;
  }
  if (is_letter(peek()) || peek() == '.') fail(at_, "a number ends in a letter or a point");
  const std::string_view digits = source_.substr(token.begin, at_ - token.begin);
  if (!whole) {
    const auto value = number_of<double>(digits);
    if (!value) fail(token.begin, digits.substr(0, 40), " is beyond a float64");
    token.number = *value;
  } else if (const auto value = number_of<std::int64_t>(digits)) {
    token.number = *value;
  } else if (const auto large = number_of<std::uint64_t>(digits)) {
    token.number = *large;
  } else {
    fail(token.begin, digits.substr(0, 40),
         " is beyond 64 bits; write it with a point or exponent");
  }
}

void Lexer::sign() {
  constexpr std::array<std::string_view, 5> kDouble = {"==", "!=", "<>", "<=", ">="};
  const std::string_view two = source_.substr(at_, 2);
  if (std::find(kDouble.begin(), kDouble.end(), two) != kDouble.end()) {
    at_ += 2;
    return;
  }
  const char c = peek();
  if (std::string_view("+-*/%(),=<>").find(c) != std::string_view::npos && c != '\0') {
    ++at_;
    return;
  }
  if (two == "&&") fail(at_, "write `and` for &&");
  if (two == "||") fail(at_, "write `or` for ||");
  if (c == '!') fail(at_, "write `not` for !");
  if (c > ' ' && c < 0x7f) fail(at_, "'", c, "' means nothing here");
  fail(at_, "byte ", static_cast<int>(static_cast<unsigned char>(c)), " means nothing here");
}

}  // namespace kedge::expr

// The words, names, numbers and signs of an expression's text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "kedge/base/text.h"
#include "kedge/expr/literal.h"

namespace kedge::expr {

enum class TokenKind : std::uint8_t {
  kEnd,
  kWord,    // letters, digits, _ and dots between: a keyword, a function or a column
  kName,    // between back quotes: a column
  kNumber,  // without a sign
  kText,    // between quotes
  kSign,    // one of + - * / % ( ) , = == != <> < <= > >=
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::size_t begin = 0;  // in the source
  std::size_t end = 0;
  std::string text;  // of a name or a text, without its quotes
  Literal number;    // int64, uint64 or float64
};

// Equal but for the case of ASCII letters; `word` is lower case.
bool is_word(std::string_view text, std::string_view word) noexcept;

// A word that cannot be the bare name of a column.
bool is_reserved(std::string_view text) noexcept;

// True when `name` is a column without back quotes.
bool is_plain_name(std::string_view name) noexcept;

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  // Throws InvalidArgument for what begins no token.
  Token next();

  // The error that says where `at` is, and shows the text around it.
  template <class... Parts>
  [[noreturn, gnu::always_inline]] void fail(std::size_t at, const Parts&... parts) const {
    fail_at(at, kedge::text(parts...));
  }

 private:
  [[noreturn]] void fail_at(std::size_t at, const std::string& what) const;
  char peek(std::size_t ahead = 0) const noexcept {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
  }
  void quoted(Token& token);
  void number(Token& token);
  void sign();

  std::string_view source_;
  std::size_t at_ = 0;
};

}  // namespace kedge::expr

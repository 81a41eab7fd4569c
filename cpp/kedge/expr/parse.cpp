#include <array>
#include <limits>
#include <optional>

#include "kedge/base/error.h"
#include "kedge/expr/expression.h"
#include "kedge/expr/lexer.h"
#include "kedge/expr/spelling.h"

namespace kedge {
namespace expr {
namespace {

// The number with its sign turned; none when it is beyond 64 bits, or no number.
std::optional<Literal> negative(const Literal& literal) {
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  constexpr std::uint64_t kBeyond = std::uint64_t{1} << 63;
  if (const auto* whole = std::get_if<std::int64_t>(&literal)) {
    if (*whole == kLeast) return kBeyond;
    return -*whole;
  }
  if (const auto* large = std::get_if<std::uint64_t>(&literal)) {
    if (*large == kBeyond) return kLeast;
    return std::nullopt;
  }
  if (const auto* real = std::get_if<double>(&literal)) return -*real;
  return std::nullopt;
}

bool is_number(const Literal& literal) noexcept {
  return std::holds_alternative<std::int64_t>(literal) ||
         std::holds_alternative<std::uint64_t>(literal) || std::holds_alternative<double>(literal);
}

class Parser {
 public:
  explicit Parser(std::string_view source) : source_(source), lexer_(source) { advance(); }

  Expression parse() {
    operation(kOrLevel);
    if (token_.kind != TokenKind::kEnd) fail("expected an operator or the end, got ", got());
    return std::move(out_);
  }

 private:
  template <class... Parts>
  [[noreturn, gnu::always_inline]] void fail(const Parts&... parts) const {
    lexer_.fail(token_.begin, parts...);
  }

  void advance() { token_ = lexer_.next(); }
  std::string_view spelled(const Token& token) const {
    return source_.substr(token.begin, token.end - token.begin);
  }
  std::string got() const {
    if (token_.kind == TokenKind::kEnd) return "the end";
    if (token_.kind == TokenKind::kText) return "a text";
    if (token_.end - token_.begin > 40) return "a long name";
    return text("`", spelled(token_), "`");
  }

  bool at_word(std::string_view word) const {
    return token_.kind == TokenKind::kWord && is_word(spelled(token_), word);
  }
  bool at_sign(std::string_view sign) const {
    return token_.kind == TokenKind::kSign && spelled(token_) == sign;
  }
  bool takes_word(std::string_view word) {
    const bool found = at_word(word);
    if (found) advance();
    return found;
  }
  void expect_sign(std::string_view sign) {
    if (!at_sign(sign)) fail("expected `", sign, "`, got ", got());
    advance();
  }

  void emit(Node node) {
    if (out_.nodes.size() == kMostExpressionNodes) {
      throw resource_exhausted("the expression has more than ", kMostExpressionNodes, " parts");
    }
    out_.nodes.push_back(std::move(node));
  }
  void emit(Op op) { emit({op, {}, {}}); }

  // What stands inside of parentheses, or after a `not` or a minus.
  void nested(int level) {
    if (++nesting_ > kMostExpressionNesting) {
      throw resource_exhausted("the expression is nested deeper than ", kMostExpressionNesting);
    }
    operation(level);
    --nesting_;
  }

  // An operand and all the operators after it that bind at least as tightly as `level`.
  void operation(int level) {
    operand(level);
    bool is_comparison = false;
    for (;;) {
      const Infix infix = infix_here();
      if (infix.level == 0 || infix.level < level) return;
      if (infix.level == kCompareLevel) {
        if (is_comparison)
          fail("comparisons do not chain; join them with `and`, or use parentheses");
        is_comparison = true;
        comparison(infix.op);
      } else {
        advance();
        operation(infix.level + 1);
        emit(infix.op);
      }
    }
  }

  struct Infix {
    Op op = Op::kLiteral;
    int level = 0;
  };
  Infix infix_here() const {
    if (token_.kind == TokenKind::kWord) {
      if (at_word("and")) return {Op::kAnd, kAndLevel};
      if (at_word("or")) return {Op::kOr, kOrLevel};
      if (at_word("in") || at_word("not") || at_word("is") || at_word("between")) {
        return {Op::kLiteral, kCompareLevel};
      }
    }
    if (token_.kind != TokenKind::kSign) return {};
    const Op op = infix_of(spelled(token_));
    return {op, op == Op::kLiteral ? 0 : level_of(op)};
  }

  void comparison(Op op) {
    if (op != Op::kLiteral) {
      advance();
      operation(kCompareLevel + 1);
      return emit(op);
    }
    if (takes_word("is")) {
      const bool negated = takes_word("not");
      if (takes_word("null")) return emit(negated ? Op::kIsNotNull : Op::kIsNull);
      if (takes_word("nan")) return emit(negated ? Op::kIsNotNan : Op::kIsNan);
      fail("expected `null` or `nan`, got ", got());
    }
    const bool negated = takes_word("not");
    if (takes_word("in")) return list(negated ? Op::kNotIn : Op::kIn);
    if (!takes_word("between")) fail("expected `in` or `between`, got ", got());
    operation(kCompareLevel + 1);
    if (!takes_word("and")) fail("expected `and` of `between`, got ", got());
    operation(kCompareLevel + 1);
    emit(negated ? Op::kNotBetween : Op::kBetween);
  }

  void list(Op op) {
    Node node{op, {}, {}};
    expect_sign("(");
    for (;;) {
      const bool is_negative = at_sign("-");
      const std::size_t begin = token_.begin;
      if (is_negative) advance();
      auto value = constant();
      if (!value) fail("expected a constant, got ", got());
      if (is_negative) value = negative(*value);
      if (!value) lexer_.fail(begin, "what follows the minus is no number, or beyond 64 bits");
      node.values.push_back(std::move(*value));
      if (!at_sign(",")) break;
      advance();
    }
    expect_sign(")");
    emit(std::move(node));
  }

  void operand(int level) {
    if (at_word("not")) {
      if (level > kNotLevel) fail("put parentheses around this `not` and its operand");
      advance();
      nested(kNotLevel);
      return emit(Op::kNot);
    }
    if (at_sign("-")) return minus();
    if (at_sign("(")) {
      advance();
      nested(kOrLevel);
      return expect_sign(")");
    }
    if (auto value = constant()) return emit({Op::kLiteral, {}, {std::move(*value)}});
    column_or_call();
  }

  void minus() {
    const std::size_t begin = token_.begin;
    advance();
    nested(kUnaryLevel);
    Node& last = out_.nodes.back();
    if (last.op != Op::kLiteral || !is_number(last.values.front())) return emit(Op::kNegate);
    auto value = negative(last.values.front());
    if (!value)
      lexer_.fail(begin, "the number is beyond 64 bits; write it with a point or exponent");
    last.values.front() = std::move(*value);
  }

  // The constant that begins here, if one does.
  std::optional<Literal> constant() {
    if (token_.kind == TokenKind::kNumber || token_.kind == TokenKind::kText) {
      Literal value = token_.kind == TokenKind::kText ? Literal(token_.text) : token_.number;
      advance();
      return value;
    }
    // Made in place: GCC 12 takes the moved variant's text for one that was never written.
    if (takes_word("null")) return std::optional<Literal>(std::in_place);
    if (takes_word("true")) return std::optional<Literal>(std::in_place, true);
    if (takes_word("false")) return std::optional<Literal>(std::in_place, false);
    for (const std::string_view word : {"timestamp", "date", "duration"}) {
      if (!at_word(word)) continue;
      Lexer ahead = lexer_;
      if (ahead.next().kind == TokenKind::kText) return time_constant(word);
    }
    return std::nullopt;
  }

  Literal time_constant(std::string_view word) {
    advance();
    std::optional<Literal> value;
    if (word == "timestamp") {
      if (const auto time = parse_timestamp(token_.text)) value = *time;
      if (!value) fail("expected a time like '2026-01-31T10:00:00Z'");
    } else if (word == "date") {
      if (const auto date = parse_date(token_.text)) value = *date;
      if (!value) fail("expected a date like '2026-01-31'");
    } else {
      if (const auto duration = parse_duration(token_.text)) value = *duration;
      if (!value) fail("expected a duration like '1h30m', of w, d, h, m, s, ms, us, ns");
    }
    advance();
    return *std::move(value);
  }

  void column_or_call() {
    if (token_.kind == TokenKind::kName) {
      emit({Op::kColumn, std::move(token_.text), {}});
      return advance();
    }
    const std::string_view word = spelled(token_);
    if (token_.kind != TokenKind::kWord || is_reserved(word)) fail("expected a value, got ", got());
    const Token name = token_;
    advance();
    if (!at_sign("(")) return emit({Op::kColumn, std::string(word), {}});
    const Op op = function_of(word);
    if (op == Op::kLiteral) {
      lexer_.fail(name.begin,
                  "there is no function of that name; there are abs, floor, ceil, sqrt");
    }
    advance();
    nested(kOrLevel);
    expect_sign(")");
    emit(op);
  }

  std::string_view source_;
  Lexer lexer_;
  Token token_;
  Expression out_;
  int nesting_ = 0;
};

}  // namespace
}  // namespace expr

Expression parse_expression(std::string_view source) {
  const auto check_size = [](std::size_t size, std::string_view what) {
    if (size <= kMostExpressionBytes) return;
    throw resource_exhausted(what, " has ", size, " bytes, at most ", kMostExpressionBytes,
                             " are read");
  };
  check_size(source.size(), "the expression");
  if (!is_utf8(source)) throw invalid_argument("the expression is not UTF-8");
  Expression parsed = expr::Parser(source).parse();
  // So that the canonical text can always be read back.
  check_size(to_string(parsed).size(), "the expression, written out,");
  return parsed;
}

}  // namespace kedge

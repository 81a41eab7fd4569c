// The expression language of conditions and computed columns: "status == 'ok' and amount > 10".
//
//   literals    1  -2.5e3  'text'  "text"  true  false  null  (a quote inside is doubled: 'it''s')
//               timestamp '2026-01-31T10:00:00Z'  date '2026-01-31'  duration '1h30m'
//   columns     name  a.b (child b of struct a)  `any name`
//   from tight to loose:
//     abs(x) floor(x) ceil(x) sqrt(x), parentheses
//     -x
//     * / %
//     + -
//     == (or =) != (or <>) < <= > >=, [not] in (1, 2), [not] between 1 and 2,
//       is [not] null, is [not] nan; these do not chain
//     not, then and, then or
//
// Words are understood in any case; names of columns are what they are. See program.h for meanings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kedge/expr/literal.h"

namespace kedge {

namespace expr {

enum class Op : std::uint8_t {
  kLiteral,
  kColumn,
  kNegate,
  kAbs,
  kFloor,
  kCeil,
  kSqrt,
  kMultiply,
  kDivide,
  kModulo,
  kAdd,
  kSubtract,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kIn,
  kNotIn,
  kBetween,
  kNotBetween,
  kIsNull,
  kIsNotNull,
  kIsNan,
  kIsNotNan,
  kNot,
  kAnd,
  kOr,
};

int operand_count(Op op) noexcept;

struct Node {
  Op op = Op::kLiteral;
  std::string name;             // of a column
  std::vector<Literal> values;  // the literal, or what is listed after `in`
  friend bool operator==(const Node&, const Node&) = default;
};

}  // namespace expr

// A syntax tree, its nodes written so that operands come before what takes them; the last node is
// the root. Knows nothing of types.
struct Expression {
  std::vector<expr::Node> nodes;
  friend bool operator==(const Expression&, const Expression&) = default;
};

inline constexpr std::size_t kMostExpressionBytes = 65'536;
inline constexpr std::size_t kMostExpressionNodes = 1'000;
inline constexpr int kMostExpressionNesting = 64;

// Throws InvalidArgument with the column (in bytes, from 1) and the text around it, and
// ResourceExhausted past the limits above.
Expression parse_expression(std::string_view source);

// The canonical text: it parses to the same tree.
std::string to_string(const Expression& expression);

// The names of the columns, each once, in the order in which they first appear.
std::vector<std::string> columns_of(const Expression& expression);

}  // namespace kedge

#include "kedge/expr/expression.h"

#include <algorithm>
#include <array>

#include "kedge/expr/lexer.h"
#include "kedge/expr/spelling.h"

namespace kedge {
namespace expr {
namespace {

struct OpRow {
  Op op;
  std::string_view spelling;
  int level;
  int operands;
};

constexpr std::array<OpRow, 29> kOps = {{
    {Op::kLiteral, "", kOperandLevel, 0},
    {Op::kColumn, "", kOperandLevel, 0},
    {Op::kNegate, "-", kUnaryLevel, 1},
    {Op::kAbs, "abs", kOperandLevel, 1},
    {Op::kFloor, "floor", kOperandLevel, 1},
    {Op::kCeil, "ceil", kOperandLevel, 1},
    {Op::kSqrt, "sqrt", kOperandLevel, 1},
    {Op::kMultiply, "*", kMultiplyLevel, 2},
    {Op::kDivide, "/", kMultiplyLevel, 2},
    {Op::kModulo, "%", kMultiplyLevel, 2},
    {Op::kAdd, "+", kAddLevel, 2},
    {Op::kSubtract, "-", kAddLevel, 2},
    {Op::kEqual, "==", kCompareLevel, 2},
    {Op::kNotEqual, "!=", kCompareLevel, 2},
    {Op::kLess, "<", kCompareLevel, 2},
    {Op::kLessEqual, "<=", kCompareLevel, 2},
    {Op::kGreater, ">", kCompareLevel, 2},
    {Op::kGreaterEqual, ">=", kCompareLevel, 2},
    {Op::kIn, "in", kCompareLevel, 1},
    {Op::kNotIn, "not in", kCompareLevel, 1},
    {Op::kBetween, "between", kCompareLevel, 3},
    {Op::kNotBetween, "not between", kCompareLevel, 3},
    {Op::kIsNull, "is null", kCompareLevel, 1},
    {Op::kIsNotNull, "is not null", kCompareLevel, 1},
    {Op::kIsNan, "is nan", kCompareLevel, 1},
    {Op::kIsNotNan, "is not nan", kCompareLevel, 1},
    {Op::kNot, "not", kNotLevel, 1},
    {Op::kAnd, "and", kAndLevel, 2},
    {Op::kOr, "or", kOrLevel, 2},
}};

const OpRow& row_of(Op op) noexcept { return kOps[static_cast<std::size_t>(op)]; }

struct Written {
  std::string text;
  int level;
};

// In parentheses when it binds less tightly than it must there.
std::string inside(Written part, int level) {
  return part.level >= level ? std::move(part.text) : text("(", part.text, ")");
}

std::string column_text(const std::string& name) {
  if (is_plain_name(name)) return name;
  std::string out = "`";
  for (const char c : name) out.append(c == '`' ? 2 : 1, c);
  return out + '`';
}

std::string list_text(const std::vector<Literal>& values) {
  std::string out = "(";
  for (const Literal& value : values) out += text(out.size() > 1 ? ", " : "", to_string(value));
  return out + ')';
}

std::string leaf_text(const Node& node) {
  return node.op == Op::kColumn ? column_text(node.name) : to_string(node.values.front());
}

std::string unary_text(const Node& node, Written operand) {
  const OpRow& row = row_of(node.op);
  if (row.level == kOperandLevel) return text(row.spelling, "(", operand.text, ")");
  if (node.op == Op::kNegate) return '-' + inside(std::move(operand), kUnaryLevel);
  if (node.op == Op::kNot) return "not " + inside(std::move(operand), kNotLevel);
  std::string out = inside(std::move(operand), kCompareLevel + 1) + ' ';
  out += row.spelling;
  return node.values.empty() ? out : out + ' ' + list_text(node.values);
}

}  // namespace

int operand_count(Op op) noexcept { return row_of(op).operands; }
int level_of(Op op) noexcept { return row_of(op).level; }
std::string_view spelling_of(Op op) noexcept { return row_of(op).spelling; }

Op infix_of(std::string_view sign) noexcept {
  if (sign == "=") return Op::kEqual;
  if (sign == "<>") return Op::kNotEqual;
  for (const OpRow& row : kOps) {
    if (row.operands == 2 && row.spelling == sign) return row.op;
  }
  return Op::kLiteral;
}

Op function_of(std::string_view name) noexcept {
  for (const OpRow& row : kOps) {
    if (row.operands == 1 && row.level == kOperandLevel && is_word(name, row.spelling)) {
      return row.op;
    }
  }
  return Op::kLiteral;
}

}  // namespace expr

std::string to_string(const Expression& expression) {
  using namespace expr;
  std::vector<Written> stack;
  const auto pop = [&] {
    Written last = std::move(stack.back());
    stack.pop_back();
    return last;
  };
  for (const Node& node : expression.nodes) {
    const OpRow& row = row_of(node.op);
    std::string written;
    if (row.operands == 0) {
      written = leaf_text(node);
    } else if (row.operands == 1) {
      written = unary_text(node, pop());
    } else if (row.operands == 2) {
      const Written right = pop();
      // A comparison does not chain, so neither side of it may be one.
      written = inside(pop(), row.level + (row.level == kCompareLevel ? 1 : 0));
      written += text(" ", row.spelling, " ", inside(right, row.level + 1));
    } else {
      const Written high = pop();
      const Written low = pop();
      written = inside(pop(), row.level + 1);
      written += text(" ", row.spelling, " ", inside(low, row.level + 1), " and ",
                      inside(high, row.level + 1));
    }
    stack.push_back({std::move(written), row.level});
  }
  return stack.empty() ? std::string() : std::move(stack.back().text);
}

std::vector<std::string> columns_of(const Expression& expression) {
  std::vector<std::string> names;
  for (const expr::Node& node : expression.nodes) {
    const bool is_new = std::find(names.begin(), names.end(), node.name) == names.end();
    if (node.op == expr::Op::kColumn && is_new) names.push_back(node.name);
  }
  return names;
}

}  // namespace kedge

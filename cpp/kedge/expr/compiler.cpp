#include "kedge/expr/compiler.h"

#include "kedge/expr/spelling.h"

namespace kedge::expr {

std::string shortened(std::string text) {
  constexpr std::size_t kMost = 200;
  if (text.size() <= kMost) return text;
  std::size_t end = kMost;
  while ((static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

std::string Compiler::described(const Operand& operand) const {
  const auto first = expression_.nodes.begin();
  const Expression part{{first + static_cast<std::ptrdiff_t>(operand.first_node),
                         first + static_cast<std::ptrdiff_t>(operand.last_node) + 1}};
  const Node& root = part.nodes.back();
  const std::string name =
      root.op == Op::kColumn ? text("column \"", root.name, "\"") : shortened(to_string(part));
  return text(name, " (", operand.type.name, ")");
}

void Compiler::need(bool holds, Op op, const Operand& a) const {
  if (!holds) fail("`", spelling_of(op), "` does not take ", described(a));
}

void Compiler::need(bool holds, Op op, const Operand& a, const Operand& b) const {
  if (!holds) fail("`", spelling_of(op), "` does not take ", described(a), " and ", described(b));
}

void Compiler::need_comparable(Op op, const Operand& a, const Operand& b) const {
  const bool alike = a.type.kind == b.type.kind || (is_numeric(a) && is_numeric(b));
  if (alike || a.is_null() || b.is_null()) return;
  fail("`", spelling_of(op), "` cannot compare ", described(a), " with ", described(b));
}

void Compiler::fail_for(const std::string& reason) const {
  throw invalid_argument("expression \"", shortened(to_string(expression_)), "\": ", reason);
}

Code Compiler::compile() {
  if (expression_.nodes.empty()) throw invalid_argument("the expression is empty");
  std::vector<Operand> stack;
  for (std::size_t i = 0; i < expression_.nodes.size(); ++i) {
    const Node& node = expression_.nodes[i];
    const auto count = static_cast<std::size_t>(operand_count(node.op));
    const std::size_t base = stack.size() - count;
    Operand made;
    if (count == 0) {
      made = operand_of(node);
    } else if (count == 1) {
      made = unary(node, stack[base]);
    } else if (count == 2) {
      made = binary(node.op, stack[base], stack[base + 1]);
    } else {
      made = between(node.op, stack[base], stack[base + 1], stack[base + 2]);
    }
    made.first_node = count == 0 ? i : stack[base].first_node;
    made.last_node = i;
    stack.resize(base);
    stack.push_back(std::move(made));
  }
  const Operand& root = stack.back();
  if (root.is_null() && root.type.kind != Kind::kBool) fail("it is null in every row");
  Code code = emitter_.finish(root);
  code.text = shortened(to_string(expression_));
  return code;
}

Operand Compiler::operand_of(const Node& node) {
  if (node.op == Op::kLiteral) {
    return constant_of(node.values.front(), value_type_of(node.values.front()));
  }
  try {
    return emitter_.column(node.name);
  } catch (const Error& error) {
    throw Error(error.code(),
                text("expression \"", shortened(to_string(expression_)), "\": ", error.what()));
  }
}

Operand Compiler::unary(const Node& node, const Operand& a) {
  switch (node.op) {
    case Op::kNot:
      need(a.type.kind == Kind::kBool || a.is_null(), node.op, a);
      return negation(a);
    case Op::kIn:
      return in_list(node, a);
    case Op::kNotIn:
      return negation(in_list(node, a));
    case Op::kIsNull:
    case Op::kIsNotNull:
      return is_null(node.op, a);
    case Op::kIsNan:
    case Op::kIsNotNan:
      return is_nan(node.op, a);
    default:
      return function(node.op, a);
  }
}

Operand Compiler::binary(Op op, const Operand& a, const Operand& b) {
  if (op == Op::kAnd || op == Op::kOr) {
    const auto takes = [](const Operand& x) { return x.type.kind == Kind::kBool || x.is_null(); };
    need(takes(a), op, a);
    need(takes(b), op, b);
    return logic(op, a, b);
  }
  return level_of(op) == kCompareLevel ? compare(op, a, b) : arithmetic(op, a, b);
}

Operand Compiler::logic(Op op, const Operand& a, const Operand& b) {
  Step step;
  step.run = active_steps().logic(op);
  step.a = emitter_.bool_lane(a);
  step.b = emitter_.bool_lane(b);
  return emitter_.emit(step, bool_type());
}

Operand Compiler::negation(const Operand& a) {
  if (a.is_null()) return null_of(bool_type());
  if (a.is_constant()) return constant_of(!std::get<bool>(*a.constant), bool_type());
  Step step;
  step.run = active_steps().logic(Op::kNot);
  step.a = emitter_.bool_lane(a);
  return emitter_.emit(step, bool_type());
}

Operand Compiler::is_null(Op op, const Operand& a) {
  if (a.constant) return constant_of(a.is_null() == (op == Op::kIsNull), bool_type());
  Step step;
  step.run = active_steps().logic(op);
  step.a = a.column ? emitter_.nulls_of(*a.column) : a.lane;
  return emitter_.emit(step, bool_type());
}

Operand Compiler::is_nan(Op op, const Operand& a) {
  need(is_numeric(a) || a.is_null(), op, a);
  if (a.is_null()) return null_of(bool_type());
  Step step;
  step.run = active_steps().logic(Op::kIsNan);
  step.a = emitter_.lane_of(a, Kind::kFloat);
  const Operand found = emitter_.emit(step, bool_type());
  return op == Op::kIsNan ? found : negation(found);
}

}  // namespace kedge::expr

// From a syntax tree and a schema to a program's code: types are checked, constants are brought to
// the kinds that they are compared with, and computed where they can be.
#pragma once

#include <string>

#include "kedge/base/error.h"
#include "kedge/expr/emitter.h"
#include "kedge/expr/expression.h"

namespace kedge::expr {

// A text of any length as one in an error.
std::string shortened(std::string text);

// One use: compile(). Throws as the constructor of Program does.
class Compiler {
 public:
  Compiler(const Expression& expression, const Schema& schema)
      : expression_(expression), emitter_(schema) {}

  Code compile();

 private:
  Operand operand_of(const Node& node);
  Operand unary(const Node& node, const Operand& a);
  Operand binary(Op op, const Operand& a, const Operand& b);

  Operand compare(Op op, const Operand& a, const Operand& b);
  Operand compare_constant(Op op, const Operand& a, const Literal& constant);
  Operand compare_lanes(Op op, Kind kind, std::uint32_t a, std::uint32_t b);
  Operand compare_numbers(Op op, const Operand& a, const Operand& b);
  Operand compare_times(Op op, const Operand& a, const Operand& b);
  Operand compare_texts(Op op, const Operand& a, const Operand& b);
  Operand ask_text(const Operand& a, TextTest test);
  Operand between(Op op, const Operand& a, const Operand& low, const Operand& high);
  Operand in_list(const Node& node, const Operand& a);
  List list_of(const Node& node, const Operand& a);

  Operand logic(Op op, const Operand& a, const Operand& b);
  Operand negation(const Operand& a);
  Operand is_null(Op op, const Operand& a);
  Operand is_nan(Op op, const Operand& a);

  Operand arithmetic(Op op, const Operand& a, const Operand& b);
  Operand time_arithmetic(Op op, const Operand& a, const Operand& b);
  Operand function(Op op, const Operand& a);
  Operand lanes_step(StepRun run, Kind kind, const Operand& a, const Operand& b, ValueType type);
  Operand rescaled(const Operand& a, Tick tick);

  void need(bool holds, Op op, const Operand& a) const;
  void need(bool holds, Op op, const Operand& a, const Operand& b) const;
  void need_comparable(Op op, const Operand& a, const Operand& b) const;
  std::string described(const Operand& operand) const;
  template <class... Parts>
  [[noreturn, gnu::always_inline]] void fail(const Parts&... parts) const {
    fail_for(text(parts...));
  }
  [[noreturn]] void fail_for(const std::string& reason) const;

  const Expression& expression_;
  Emitter emitter_;
};

// What a comparison gives, and a connection by `and`.
inline ValueType bool_type() { return value_type(Kind::kBool); }
inline bool is_numeric(const Operand& operand) noexcept { return is_number(operand.type.kind); }

}  // namespace kedge::expr

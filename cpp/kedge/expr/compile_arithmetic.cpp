// Arithmetic of numbers, times and durations.
#include <algorithm>

#include "kedge/expr/compiler.h"

namespace kedge::expr {

Operand Compiler::lanes_step(StepRun run, Kind kind, const Operand& a, const Operand& b,
                             ValueType type) {
  // An unsigned constant is beyond int64, or it would be signed.
  for (const Operand* const x : {&a, &b}) {
    const bool is_beyond = kind == Kind::kInt && x->type.kind == Kind::kUint && x->is_constant();
    if (x->is_null() || is_beyond) return null_of(std::move(type));
  }
  Step step;
  step.run = run;
  step.a = emitter_.lane_of(a, kind);
  step.b = emitter_.lane_of(b, kind);
  return emitter_.emit(step, std::move(type));
}

Operand Compiler::arithmetic(Op op, const Operand& a, const Operand& b) {
  const auto is_time = [](const Operand& x) {
    return x.type.kind == Kind::kTime || x.type.kind == Kind::kDuration;
  };
  if (is_time(a) && is_time(b) && op != Op::kMultiply && op != Op::kModulo) {
    return time_arithmetic(op, a, b);
  }
  const auto takes = [&](const Operand& x) {
    if (x.type.kind == Kind::kNull) return true;
    return is_numeric(x) && (op != Op::kModulo || x.type.kind != Kind::kFloat);
  };
  need(takes(a) && takes(b), op, a, b);
  if (a.type.kind == Kind::kNull || b.type.kind == Kind::kNull)
    return null_of(value_type(Kind::kNull));
  const bool is_float =
      op == Op::kDivide || a.type.kind == Kind::kFloat || b.type.kind == Kind::kFloat;
  const Kind kind = is_float ? Kind::kFloat : Kind::kInt;
  return lanes_step(active_steps().arithmetic(op, kind), kind, a, b, value_type(kind));
}

Operand Compiler::rescaled(const Operand& a, Tick tick) {
  if (a.is_null() || a.type.tick == tick) return a;
  ValueType type = a.type;
  type.tick = tick;
  const std::int64_t factor = ticks_per(a.type.tick, tick);
  return lanes_step(active_steps().arithmetic(Op::kMultiply, Kind::kInt), Kind::kInt, a,
                    constant_of(factor, value_type(Kind::kInt)), std::move(type));
}

Operand Compiler::time_arithmetic(Op op, const Operand& a, const Operand& b) {
  const bool a_is_time = a.type.kind == Kind::kTime;
  const bool b_is_time = b.type.kind == Kind::kTime;
  if (b_is_time && !a_is_time && op == Op::kAdd) return time_arithmetic(op, b, a);
  const bool makes_sense =
      a_is_time ? (op == Op::kSubtract || (op == Op::kAdd && !b_is_time)) : !b_is_time;
  need(makes_sense, op, a, b);
  Tick tick = std::max(a.type.tick, b.type.tick);
  // A date and so many days may be beyond what dates hold.
  if (a_is_time && !b_is_time) tick = std::max(tick, Tick::kSecond);
  const Operand left = rescaled(a, tick);
  const Operand right = rescaled(b, tick);
  if (op == Op::kDivide) {
    return lanes_step(active_steps().arithmetic(op, Kind::kFloat), Kind::kFloat, left, right,
                      value_type(Kind::kFloat));
  }
  ValueType type = value_type(a_is_time && !b_is_time ? Kind::kTime : Kind::kDuration, tick);
  if (type.kind == Kind::kTime) type.timezone = a.type.timezone;
  return lanes_step(active_steps().arithmetic(op, Kind::kInt), Kind::kInt, left, right,
                    std::move(type));
}

Operand Compiler::function(Op op, const Operand& a) {
  const Kind kind = a.type.kind;
  const bool is_sign = op == Op::kNegate || op == Op::kAbs;
  need(is_numeric(a) || kind == Kind::kNull || (is_sign && kind == Kind::kDuration), op, a);
  if (a.is_null()) return a;
  const bool is_whole = kind != Kind::kFloat && op != Op::kSqrt;
  if (is_whole && (!is_sign || (op == Op::kAbs && kind == Kind::kUint))) return a;
  Step step;
  const Kind lanes = is_whole ? Kind::kInt : Kind::kFloat;
  if (lanes == Kind::kInt && kind == Kind::kUint && a.is_constant()) {
    return null_of(value_type(Kind::kInt));
  }
  step.run = active_steps().unary(op, lanes);
  step.a = emitter_.lane_of(a, lanes);
  return emitter_.emit(step, kind == Kind::kDuration ? a.type : value_type(lanes));
}

}  // namespace kedge::expr

// Comparisons, and what is made of them: between and in.
#include <algorithm>
#include <bit>

#include "kedge/base/sort.h"
#include "kedge/expr/compiler.h"
#include "kedge/expr/spelling.h"

namespace kedge::expr {

Operand Compiler::compare(Op op, const Operand& a, const Operand& b) {
  need_comparable(op, a, b);
  if (a.is_null() || b.is_null()) return null_of(bool_type());
  if (a.is_constant() && !b.is_constant()) return compare(turned(op), b, a);
  if (a.type.kind == Kind::kText) return compare_texts(op, a, b);
  if (b.is_constant()) return compare_constant(op, a, *b.constant);
  if (is_numeric(a)) return compare_numbers(op, a, b);
  if (a.type.kind != Kind::kBool) return compare_times(op, a, b);
  return compare_lanes(op, Kind::kBool, emitter_.bool_lane(a), emitter_.bool_lane(b));
}

// The constant comes to the kind and unit of the values, so that they need not be converted.
Operand Compiler::compare_constant(Op op, const Operand& a, const Literal& constant) {
  const Kind kind = lane_kind(a.type.kind);
  Place place = place_of(constant, kind, a.type.tick);
  op = compare_with_place(op, kind, place);
  return compare_lanes(op, kind, emitter_.lane_of(a, kind), emitter_.constant_lane(place.bits));
}

Operand Compiler::compare_lanes(Op op, Kind kind, std::uint32_t a, std::uint32_t b) {
  Step step;
  step.a = a;
  step.b = b;
  if (kind == Kind::kBool) {
    step.run = active_steps().compare_kinds(kind, kind);
    step.mask = mask_of(op);
    return emitter_.emit(step, bool_type());
  }
  if (op == Op::kGreater || op == Op::kGreaterEqual) {
    std::swap(step.a, step.b);
    op = turned(op);
  }
  step.run = active_steps().compare(op, kind);
  return emitter_.emit(step, bool_type());
}

Operand Compiler::compare_numbers(Op op, const Operand& a, const Operand& b) {
  const auto fits_float = [](const Operand& x) {
    return x.type.kind == Kind::kFloat || x.type.is_narrow;
  };
  Kind left = a.type.kind;
  Kind right = b.type.kind;
  if (left == right || (fits_float(a) && fits_float(b))) {
    const Kind kind = left == right ? left : Kind::kFloat;
    return compare_lanes(op, kind, emitter_.lane_of(a, kind), emitter_.lane_of(b, kind));
  }
  if (left > right) return compare_numbers(turned(op), b, a);
  Step step;
  step.run = active_steps().compare_kinds(left, right);
  step.mask = mask_of(op);
  step.a = emitter_.lane_of(a, left);
  step.b = emitter_.lane_of(b, right);
  return emitter_.emit(step, bool_type());
}

Operand Compiler::compare_times(Op op, const Operand& a, const Operand& b) {
  if (a.type.tick > b.type.tick) return compare_times(turned(op), b, a);
  const std::uint32_t left = emitter_.lane_of(a, Kind::kInt);
  const std::uint32_t right = emitter_.lane_of(b, Kind::kInt);
  if (a.type.tick == b.type.tick) return compare_lanes(op, Kind::kInt, left, right);
  Step step;
  step.run = active_steps().compare_ticks();
  step.mask = mask_of(op);
  step.factor = ticks_per(a.type.tick, b.type.tick);
  step.a = left;
  step.b = right;
  return emitter_.emit(step, bool_type());
}

// A text is a column or a constant: nothing makes one.
Operand Compiler::compare_texts(Op op, const Operand& a, const Operand& b) {
  if (b.is_constant()) {
    TextTest test;
    test.texts = {std::get<std::string>(*b.constant)};
    test.mask = mask_of(op);
    return ask_text(a, std::move(test));
  }
  Step step;
  step.run = text_pair_step();
  step.mask = mask_of(op);
  step.column = *a.column;
  step.other = *b.column;
  step.a = emitter_.nulls_of(*a.column);
  step.b = emitter_.nulls_of(*b.column);
  return emitter_.emit(step, bool_type());
}

Operand Compiler::ask_text(const Operand& a, TextTest test) {
  if (a.is_constant()) {
    const bool holds = test.holds(std::get<std::string>(*a.constant));
    if (!holds && test.has_null) return null_of(bool_type());
    return constant_of(holds, bool_type());
  }
  Step step;
  step.run = text_test_step(emitter_.column_ref(*a.column).field, test);
  step.column = test.column = *a.column;
  step.a = step.b = emitter_.nulls_of(*a.column);
  step.other = emitter_.add_test(std::move(test));
  return emitter_.emit(step, bool_type());
}

Operand Compiler::between(Op op, const Operand& a, const Operand& low, const Operand& high) {
  need_comparable(op, a, low);
  need_comparable(op, a, high);
  const Operand inside =
      logic(Op::kAnd, compare(Op::kGreaterEqual, a, low), compare(Op::kLessEqual, a, high));
  return op == Op::kBetween ? inside : negation(inside);
}

List Compiler::list_of(const Node& node, const Operand& a) {
  List list;
  const Kind kind = lane_kind(a.type.kind);
  for (const Literal& value : node.values) {
    const Place place = value.index() == 0 ? Place{} : place_of(value, kind, a.type.tick);
    list.has_null |= value.index() == 0;
    // What lies between the values that there are equals none of them.
    if (value.index() != 0 && place.side == 0) list.bits.push_back(place.bits);
  }
  sort_few(list.bits, [kind](std::uint64_t a_bits, std::uint64_t b_bits) {
    if (kind == Kind::kFloat) return std::bit_cast<double>(a_bits) < std::bit_cast<double>(b_bits);
    if (kind == Kind::kInt) {
      return static_cast<std::int64_t>(a_bits) < static_cast<std::int64_t>(b_bits);
    }
    return a_bits < b_bits;
  });
  return list;
}

Operand Compiler::in_list(const Node& node, const Operand& a) {
  for (const Literal& value : node.values) {
    const ValueType type = value_type_of(value);
    const bool alike = type.kind == a.type.kind || (is_number(type.kind) && is_numeric(a));
    if (alike || type.kind == Kind::kNull || a.is_null()) continue;
    fail("`", spelling_of(node.op), "` cannot compare ", described(a), " with ",
         shortened(to_string(value)), " (", type.name, ")");
  }
  if (a.is_null()) return null_of(bool_type());
  if (a.type.kind == Kind::kText) {
    TextTest test;
    test.is_list = true;
    for (const Literal& value : node.values) {
      const auto* const text = std::get_if<std::string>(&value);
      test.has_null |= text == nullptr;
      if (text != nullptr) test.texts.push_back(*text);
    }
    sort_few(test.texts);
    return ask_text(a, std::move(test));
  }
  const Kind kind = lane_kind(a.type.kind);
  Step step;
  step.run = active_steps().list(kind);
  step.other = emitter_.add_list(list_of(node, a));
  step.a = emitter_.lane_of(a, kind);
  return emitter_.emit(step, bool_type());
}

}  // namespace kedge::expr

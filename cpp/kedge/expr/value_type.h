// The types that values of an expression have, and where a constant lies among a type's values.
#pragma once

#include <cstdint>
#include <string>

#include "kedge/arrow/type.h"
#include "kedge/expr/expression.h"
#include "kedge/expr/literal.h"

namespace kedge::expr {

enum class Kind : std::uint8_t { kNull, kBool, kInt, kUint, kFloat, kText, kTime, kDuration };

struct ValueType {
  Kind kind = Kind::kNull;
  Tick tick = Tick::kSecond;  // of times and durations
  bool is_narrow = false;     // integers that a float64 holds exactly
  std::string timezone;       // of a time
  std::string name;           // as its users call it: "float32"
};

// Throws Unsupported that names the column when the language has no values of its type.
ValueType value_type_of(const Field& field);
ValueType value_type_of(const Literal& literal);
ValueType value_type(Kind kind, Tick tick = Tick::kSecond);

// The Arrow type of such values when they go out.
Type arrow_type_of(const ValueType& type);

bool is_number(Kind kind) noexcept;

// A constant among the values that a kind has: it is `bits`, or lies between that value and the
// next one above (side 1) or below (side -1). NaN has no place among integers.
struct Place {
  std::uint64_t bits = 0;
  int side = 0;
  bool is_nowhere = false;
};

// Of a number among int64, uint64 or float64; of a time or duration among ticks; of a bool.
Place place_of(const Literal& literal, Kind kind, Tick tick);

// What `x op constant` is when x is compared with the place's value instead. The place changes
// where the answer does not depend on x.
Op compare_with_place(Op op, Kind kind, Place& place) noexcept;

// `a op b` is `b turned(op) a`.
Op turned(Op op) noexcept;

}  // namespace kedge::expr

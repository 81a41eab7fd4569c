#include "kedge/expr/value_type.h"

#include <bit>
#include <cmath>
#include <limits>

#include "kedge/base/error.h"

namespace kedge::expr {
namespace {

constexpr std::int64_t kLeastInt = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMostInt = std::numeric_limits<std::int64_t>::max();
constexpr double kTwo63 = 0x1p63;
constexpr double kTwo64 = 0x1p64;

std::uint64_t bits_of(double value) noexcept { return std::bit_cast<std::uint64_t>(value); }
std::uint64_t bits_of(std::int64_t value) noexcept { return static_cast<std::uint64_t>(value); }

Tick tick_of(TimeUnit unit) noexcept {
  return static_cast<Tick>(static_cast<int>(Tick::kSecond) + static_cast<int>(unit));
}

Place place_in_ints(const Literal& literal) {
  if (const auto* whole = std::get_if<std::int64_t>(&literal)) return {bits_of(*whole), 0};
  if (std::holds_alternative<std::uint64_t>(literal)) return {bits_of(kMostInt), 1};
  const double real = std::get<double>(literal);
  if (std::isnan(real)) return {0, 0, true};
  if (real >= kTwo63) return {bits_of(kMostInt), 1};
  if (real < -kTwo63) return {bits_of(kLeastInt), -1};
  const double low = std::floor(real);
  return {bits_of(static_cast<std::int64_t>(low)), low == real ? 0 : 1};
}

Place place_in_uints(const Literal& literal) {
  if (const auto* large = std::get_if<std::uint64_t>(&literal)) return {*large, 0};
  if (const auto* whole = std::get_if<std::int64_t>(&literal)) {
    return *whole < 0 ? Place{0, -1} : Place{bits_of(*whole), 0};
  }
  const double real = std::get<double>(literal);
  if (std::isnan(real)) return {0, 0, true};
  if (real >= kTwo64) return {std::numeric_limits<std::uint64_t>::max(), 1};
  if (real < 0) return {0, -1};
  const double low = std::floor(real);
  return {static_cast<std::uint64_t>(low), low == real ? 0 : 1};
}

Place place_in_floats(const Literal& literal) {
  if (const auto* real = std::get_if<double>(&literal)) return {bits_of(*real), 0};
  if (const auto* whole = std::get_if<std::int64_t>(&literal)) {
    const auto near = static_cast<double>(*whole);
    // Where the nearest double is an integer again, the two can be compared as such.
    if (near == kTwo63) return {bits_of(near), -1};
    const auto back = static_cast<std::int64_t>(near);
    return {bits_of(near), (back < *whole) - (back > *whole)};
  }
  const std::uint64_t large = std::get<std::uint64_t>(literal);
  const auto near = static_cast<double>(large);
  if (near == kTwo64) return {bits_of(near), -1};
  const auto back = static_cast<std::uint64_t>(near);
  return {bits_of(near), (back < large) - (back > large)};
}

Place place_in_ticks(std::int64_t ticks, Tick from, Tick to) noexcept {
  if (from <= to) {
    std::int64_t scaled;
    if (!__builtin_mul_overflow(ticks, ticks_per(from, to), &scaled)) return {bits_of(scaled), 0};
    return ticks > 0 ? Place{bits_of(kMostInt), 1} : Place{bits_of(kLeastInt), -1};
  }
  const std::int64_t divisor = ticks_per(to, from);
  const std::int64_t rest = (ticks % divisor + divisor) % divisor;
  const std::int64_t floor = ticks / divisor - (ticks % divisor < 0 ? 1 : 0);
  return {bits_of(floor), rest == 0 ? 0 : 1};
}

// A value that makes `x <op>` the same for every x there is.
Op same_for_all(bool answer, Kind kind, Place& place) noexcept {
  if (kind == Kind::kFloat) {
    place.bits = bits_of(std::numeric_limits<double>::quiet_NaN());
    return answer ? Op::kNotEqual : Op::kEqual;
  }
  place.bits = kind == Kind::kUint ? 0 : bits_of(kLeastInt);
  return answer ? Op::kGreaterEqual : Op::kLess;
}

}  // namespace

ValueType value_type(Kind kind, Tick tick) {
  static constexpr const char* kNames[] = {"null",    "bool", "int64", "uint64",
                                           "float64", "text", "time",  "duration"};
  ValueType type;
  type.kind = kind;
  type.tick = tick;
  type.name = kNames[static_cast<std::size_t>(kind)];
  return type;
}

ValueType value_type_of(const Field& field) {
  const Type& type = field.type;
  const Type* const coded = type.dictionary.get();
  const TypeId id = coded != nullptr ? coded->id : type.id;
  ValueType out;
  if (is_string(id)) {
    out = value_type(Kind::kText);
  } else if (coded != nullptr || id == TypeId::kStruct || id == TypeId::kOpaque) {
    throw unsupported("column \"", field.name, "\": an expression has no values of type ",
                      type_name(type));
  } else if (id == TypeId::kTimestamp) {
    out = value_type(Kind::kTime, tick_of(type.unit));
    out.timezone = type.timezone;
  } else if (is_time(id)) {
    out = value_type(Kind::kTime, id == TypeId::kDate32 ? Tick::kDay : Tick::kMilli);
  } else if (is_integer(id)) {
    out = value_type(id == TypeId::kUint64 ? Kind::kUint : Kind::kInt);
    out.is_narrow = value_bytes(id) < 8;
  } else {
    out = value_type(id == TypeId::kBool ? Kind::kBool : Kind::kFloat);
  }
  out.name = type_name(type);
  return out;
}

ValueType value_type_of(const Literal& literal) {
  constexpr Kind kKinds[] = {Kind::kNull,  Kind::kBool, Kind::kInt,  Kind::kUint,
                             Kind::kFloat, Kind::kText, Kind::kTime, Kind::kDuration};
  ValueType type = value_type(kKinds[literal.index()]);
  if (const auto* time = std::get_if<Instant>(&literal)) type.tick = time->tick;
  if (const auto* duration = std::get_if<Duration>(&literal)) type.tick = duration->tick;
  return type;
}

Type arrow_type_of(const ValueType& type) {
  Type out;
  switch (type.kind) {
    case Kind::kNull:
    case Kind::kDuration:
      out.id = TypeId::kOpaque;
      out.foreign = type.kind == Kind::kNull ? "null" : "duration";
      return out;
    case Kind::kBool:
      out.id = TypeId::kBool;
      return out;
    case Kind::kInt:
      out.id = TypeId::kInt64;
      return out;
    case Kind::kUint:
      out.id = TypeId::kUint64;
      return out;
    case Kind::kFloat:
      out.id = TypeId::kFloat64;
      return out;
    case Kind::kText:
      out.id = TypeId::kUtf8;
      return out;
    case Kind::kTime:
      out.id = type.tick == Tick::kDay ? TypeId::kDate32 : TypeId::kTimestamp;
      if (type.tick == Tick::kDay) return out;
      out.unit =
          static_cast<TimeUnit>(static_cast<int>(type.tick) - static_cast<int>(Tick::kSecond));
      out.timezone = type.timezone;
      return out;
  }
  return out;
}

bool is_number(Kind kind) noexcept {
  return kind == Kind::kInt || kind == Kind::kUint || kind == Kind::kFloat;
}

Place place_of(const Literal& literal, Kind kind, Tick tick) {
  if (const auto* flag = std::get_if<bool>(&literal)) return {*flag ? 1u : 0u, 0};
  if (const auto* time = std::get_if<Instant>(&literal)) {
    return place_in_ticks(time->ticks, time->tick, tick);
  }
  if (const auto* duration = std::get_if<Duration>(&literal)) {
    return place_in_ticks(duration->ticks, duration->tick, tick);
  }
  if (kind == Kind::kInt) return place_in_ints(literal);
  return kind == Kind::kUint ? place_in_uints(literal) : place_in_floats(literal);
}

Op compare_with_place(Op op, Kind kind, Place& place) noexcept {
  if (place.is_nowhere) return same_for_all(op == Op::kNotEqual, kind, place);
  if (place.side == 0) return op;
  const bool is_above = place.side > 0;
  switch (op) {
    case Op::kLess:
    case Op::kLessEqual:
      return is_above ? Op::kLessEqual : Op::kLess;
    case Op::kGreater:
    case Op::kGreaterEqual:
      return is_above ? Op::kGreater : Op::kGreaterEqual;
    default:
      return same_for_all(op == Op::kNotEqual, kind, place);
  }
}

Op turned(Op op) noexcept {
  switch (op) {
    case Op::kLess:
      return Op::kGreater;
    case Op::kLessEqual:
      return Op::kGreaterEqual;
    case Op::kGreater:
      return Op::kLess;
    case Op::kGreaterEqual:
      return Op::kLessEqual;
    default:
      return op;
  }
}

}  // namespace kedge::expr

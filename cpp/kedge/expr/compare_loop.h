// Comparisons of lanes. A row that is null on either side is null.

// Orders whose bit the step's mask has are true.
template <class A, class B, class Order>
void compare_by_mask(const Step& step, Run& run, const Order& order) noexcept {
  const unsigned mask = step.mask;
  map_pair<A, B, std::uint8_t>(
      step, run, [&](A a, B b) { return static_cast<std::uint8_t>((mask & order(a, b)) != 0); });
  combine_valid(step, run);
  clear_nulls(step, run);
}

void compare_bools(const Step& step, Run& run) noexcept {
  compare_by_mask<std::uint8_t, std::uint8_t>(step, run, order_bit<std::uint8_t, std::uint8_t>);
}

// Rounding keeps the order, so only where the rounded integer is the float is there more to see.
template <class Whole>
std::uint8_t order_with_float(Whole a, double b) noexcept {
  constexpr double kBeyond = sizeof(Whole) == 8 && Whole(-1) > 0 ? 0x1p64 : 0x1p63;
  const auto near = static_cast<double>(a);
  if (near != b) return order_bit(near, b);
  if (b >= kBeyond) return 1;
  return order_bit(a, static_cast<Whole>(b));
}

struct Floats {
  using Value = double;
  static std::uint8_t less(double x, double y) noexcept { return x < y; }
  static std::uint8_t less_equal(double x, double y) noexcept { return x <= y; }
  static std::uint8_t not_equal(double x, double y) noexcept { return x != y; }
  static std::uint8_t equal(double x, double y) noexcept { return x == y; }
  static std::uint8_t greater(double x, double y) noexcept { return x > y; }
  static std::uint8_t greater_equal(double x, double y) noexcept { return x >= y; }
};

// Of small integers, which are doubles.
template <std::uint8_t (*kHolds)(double, double)>
void compare_small(const Step& step, Run& run) noexcept {
  map_pair<std::int64_t, double, std::uint8_t>(
      step, run, [](std::int64_t a, double b) { return kHolds(small_as_float(a), b); });
  combine_valid(step, run);
  clear_nulls(step, run);
}

void compare_int_with_float(const Step& step, Run& run) noexcept {
  if (!are_small(run.in<std::int64_t>(step.a), step.a_same ? 1 : run.rows)) {
    return compare_by_mask<std::int64_t, double>(step, run, order_with_float<std::int64_t>);
  }
  switch (step.mask) {
    case mask_of(Op::kEqual):
      return compare_small<Floats::equal>(step, run);
    case mask_of(Op::kLess):
      return compare_small<Floats::less>(step, run);
    case mask_of(Op::kLessEqual):
      return compare_small<Floats::less_equal>(step, run);
    case mask_of(Op::kGreater):
      return compare_small<Floats::greater>(step, run);
    case mask_of(Op::kGreaterEqual):
      return compare_small<Floats::greater_equal>(step, run);
    default:
      return compare_small<Floats::not_equal>(step, run);
  }
}

void compare_uint_with_float(const Step& step, Run& run) noexcept {
  compare_by_mask<std::uint64_t, double>(step, run, order_with_float<std::uint64_t>);
}

void compare_signs(const Step& step, Run& run) noexcept {
  compare_by_mask<std::int64_t, std::uint64_t>(
      step, run, [](std::int64_t a, std::uint64_t b) -> std::uint8_t {
        return a < 0 ? std::uint8_t{1} : order_bit(static_cast<std::uint64_t>(a), b);
      });
}

// A product that does not fit is beyond every b.
void compare_ticks(const Step& step, Run& run) noexcept {
  const std::int64_t factor = step.factor;
  compare_by_mask<std::int64_t, std::int64_t>(
      step, run, [factor](std::int64_t a, std::int64_t b) -> std::uint8_t {
        std::int64_t scaled;
        if (__builtin_mul_overflow(a, factor, &scaled)) return a < 0 ? 1 : 4;
        return order_bit(scaled, b);
      });
}

// Comparing integers by arithmetic alone: 64-bit comparisons are not in every vector unit.
struct Ints {
  using Value = std::int64_t;
  static std::uint8_t less(std::int64_t x, std::int64_t y) noexcept {
    const auto a = static_cast<std::uint64_t>(x);
    const auto b = static_cast<std::uint64_t>(y);
    const std::uint64_t difference = a - b;
    return static_cast<std::uint8_t>((difference ^ ((a ^ b) & (difference ^ a))) >> 63);
  }
  static std::uint8_t less_equal(std::int64_t x, std::int64_t y) noexcept { return less(y, x) ^ 1; }
  static std::uint8_t not_equal(std::int64_t x, std::int64_t y) noexcept {
    const std::uint64_t difference = static_cast<std::uint64_t>(x) ^ static_cast<std::uint64_t>(y);
    return static_cast<std::uint8_t>((difference | (0 - difference)) >> 63);
  }
  static std::uint8_t equal(std::int64_t x, std::int64_t y) noexcept { return not_equal(x, y) ^ 1; }
};

// The same of unsigned ones.
struct Uints {
  using Value = std::uint64_t;
  static std::uint8_t less(std::uint64_t a, std::uint64_t b) noexcept {
    return static_cast<std::uint8_t>(((~a & b) | ((~a | b) & (a - b))) >> 63);
  }
  static std::uint8_t less_equal(std::uint64_t a, std::uint64_t b) noexcept {
    return less(b, a) ^ 1;
  }
  static std::uint8_t not_equal(std::uint64_t a, std::uint64_t b) noexcept {
    return Ints::not_equal(static_cast<std::int64_t>(a), static_cast<std::int64_t>(b));
  }
  static std::uint8_t equal(std::uint64_t a, std::uint64_t b) noexcept {
    return not_equal(a, b) ^ 1;
  }
};

template <class Values, std::uint8_t (*kHolds)(typename Values::Value, typename Values::Value)>
void compare(const Step& step, Run& run) noexcept {
  using Value = typename Values::Value;
  map_pair<Value, Value, std::uint8_t>(step, run, [](Value a, Value b) { return kHolds(a, b); });
  combine_valid(step, run);
  clear_nulls(step, run);
}

template <class Values>
StepRun compare_values(Op op) noexcept {
  switch (op) {
    case Op::kEqual:
      return compare<Values, Values::equal>;
    case Op::kNotEqual:
      return compare<Values, Values::not_equal>;
    case Op::kLess:
      return compare<Values, Values::less>;
    default:
      return compare<Values, Values::less_equal>;
  }
}

template <class Value>
Value value_of(std::uint64_t bits) noexcept {
  Value value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

template <class Value>
KEDGE_TARGET void search(const List& list, const Value* values, std::size_t rows,
                         std::uint8_t* out) noexcept {
  const auto less = [](std::uint64_t a, std::uint64_t b) {
    return value_of<Value>(a) < value_of<Value>(b);
  };
  for (std::size_t i = 0; i < rows; ++i) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &values[i], sizeof(Value));
    const auto at = std::lower_bound(list.bits.begin(), list.bits.end(), bits, less);
    out[i] = at != list.bits.end() && value_of<Value>(*at) == values[i];
  }
}

// Of integers that are all within 64: a bit for each.
KEDGE_TARGET void look_up(const List& list, const std::uint64_t* values, std::size_t rows,
                          std::uint8_t* __restrict out) noexcept {
  const std::uint64_t first = list.bits.front();
  std::uint64_t word = 0;
  for (const std::uint64_t bits : list.bits) word |= std::uint64_t{1} << (bits - first);
  for (std::size_t i = 0; i < rows; ++i) {
    const std::uint64_t at = values[i] - first;
    out[i] = static_cast<std::uint8_t>((word >> (at & 63)) & (at < 64 ? 1 : 0));
  }
}

// Integers that are near each other are looked up; of the rest, short lists are compared in turn
// and longer ones are searched.
template <class Value>
KEDGE_TARGET void find_in_list(const List& list, const Value* values, std::size_t rows,
                               std::uint8_t* __restrict out) noexcept {
  constexpr bool kIsWhole = sizeof(Value) == 8 && Value(1) / 2 == 0;
  constexpr std::size_t kShort = 12;
  if constexpr (kIsWhole) {
    if (!list.bits.empty() && list.bits.back() - list.bits.front() < 64) {
      return look_up(list, reinterpret_cast<const std::uint64_t*>(values), rows, out);
    }
  }
  if (list.bits.size() > kShort) return search(list, values, rows, out);
  std::memset(out, 0, rows);
  for (const std::uint64_t bits : list.bits) {
    const Value wanted = value_of<Value>(bits);
    if constexpr (kIsWhole) {
      for (std::size_t i = 0; i < rows; ++i) {
        out[i] |=
            Ints::equal(static_cast<std::int64_t>(values[i]), static_cast<std::int64_t>(wanted));
      }
    } else {
      for (std::size_t i = 0; i < rows; ++i) out[i] |= values[i] == wanted;
    }
  }
}

template <class Value>
void listed(const Step& step, Run& run) noexcept {
  const List& list = run.code.lists[step.other];
  auto* const out = run.out<std::uint8_t>(step.out);
  find_in_list(list, run.in<Value>(step.a), run.rows, out);
  run.lanes[step.out].values = out;
  copy_valid(step, run);
  clear_nulls(step, run);
  if (!list.has_null) return;
  // What is not listed may be the null that is: only what is true is known.
  std::memcpy(run.out_valid(step.out), out, run.rows);
  run.lanes[step.out].valid = run.out_valid(step.out);
}

StepRun compare_of(Op op, Kind kind) noexcept {
  if (kind == Kind::kFloat) return compare_values<Floats>(op);
  return kind == Kind::kUint ? compare_values<Uints>(op) : compare_values<Ints>(op);
}

StepRun compare_kinds_of(Kind a, Kind b) noexcept {
  if (a == Kind::kBool) return compare_bools;
  if (b == Kind::kFloat) return a == Kind::kInt ? compare_int_with_float : compare_uint_with_float;
  return compare_signs;
}

StepRun compare_ticks_of() noexcept { return compare_ticks; }

StepRun listed_of(Kind kind) noexcept {
  switch (kind) {
    case Kind::kBool:
      return listed<std::uint8_t>;
    case Kind::kUint:
      return listed<std::uint64_t>;
    case Kind::kFloat:
      return listed<double>;
    default:
      return listed<std::int64_t>;
  }
}

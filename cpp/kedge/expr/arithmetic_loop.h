// Arithmetic on lanes: integers become null where the answer does not fit, floats are IEEE's.

// What an operation on integers answers: the value, and a nonzero sign bit where it does not fit.
struct Answer {
  std::uint64_t value;
  std::uint64_t misfit;
};

struct Add {
  static Answer of(std::int64_t x, std::int64_t y) noexcept {
    const auto a = static_cast<std::uint64_t>(x);
    const auto b = static_cast<std::uint64_t>(y);
    const std::uint64_t sum = a + b;
    return {sum, (a ^ sum) & (b ^ sum)};
  }
};

struct Subtract {
  static Answer of(std::int64_t x, std::int64_t y) noexcept {
    const auto a = static_cast<std::uint64_t>(x);
    const auto b = static_cast<std::uint64_t>(y);
    const std::uint64_t difference = a - b;
    return {difference, (a ^ b) & (a ^ difference)};
  }
};

struct Multiply {
  static Answer of(std::int64_t a, std::int64_t b) noexcept {
    std::int64_t product;
    const bool misfit = __builtin_mul_overflow(a, b, &product);
    return {static_cast<std::uint64_t>(product), std::uint64_t{misfit} << 63};
  }
};

// The rest has the divisor's sign.
struct Modulo {
  static Answer of(std::int64_t a, std::int64_t b) noexcept {
    // The machine refuses the least integer % -1 too, which is 0.
    if (b == 0 || b == -1) return {0, std::uint64_t{b == 0} << 63};
    const std::int64_t rest = a % b;
    return {static_cast<std::uint64_t>(rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest), 0};
  }
};

// The answers; the highest bit of what is returned says whether any of them does not fit.
template <class Operation, class A, class B>
KEDGE_TARGET std::uint64_t each_answer(A a, B b, std::size_t rows,
                                       std::uint64_t* __restrict out) noexcept {
  std::uint64_t misfits = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    const Answer answer = Operation::of(a[i], b[i]);
    out[i] = answer.value;
    misfits |= answer.misfit;
  }
  return misfits;
}

std::uint8_t* valid_to_clear(const Step& step, Run& run) noexcept {
  std::uint8_t* const valid = run.out_valid(step.out);
  if (run.lanes[step.out].valid == nullptr) std::memset(valid, 1, run.rows);
  run.lanes[step.out].valid = valid;
  return valid;
}

// Rows that do not fit are rare: they are looked for only when there is one.
template <class Operation>
void mark_misfits(const Step& step, Run& run) noexcept {
  std::uint8_t* const valid = valid_to_clear(step, run);
  with_operands<std::int64_t, std::int64_t>(step, run, [&](auto a, auto b) {
    for (std::size_t i = 0; i < run.rows; ++i) {
      if (Operation::of(a[i], b[i]).misfit >> 63 != 0) valid[i] = 0;
    }
  });
}

template <class Operation>
void on_ints(const Step& step, Run& run) noexcept {
  std::uint64_t misfits = 0;
  auto* const out = run.out<std::uint64_t>(step.out);
  with_operands<std::int64_t, std::int64_t>(
      step, run, [&](auto a, auto b) { misfits = each_answer<Operation>(a, b, run.rows, out); });
  run.lanes[step.out].values = out;
  combine_valid(step, run);
  if (misfits >> 63 != 0) mark_misfits<Operation>(step, run);
}

template <Op kOp>
void on_floats(const Step& step, Run& run) noexcept {
  map_pair<double, double, double>(step, run, [](double a, double b) {
    if constexpr (kOp == Op::kAdd) return a + b;
    if constexpr (kOp == Op::kSubtract) return a - b;
    if constexpr (kOp == Op::kMultiply) return a * b;
    if constexpr (kOp == Op::kDivide) return a / b;
  });
  combine_valid(step, run);
}

template <Op kOp>
void on_float(const Step& step, Run& run) noexcept {
  map_one<double, double>(step, run, [](double a) {
    if constexpr (kOp == Op::kNegate) return -a;
    if constexpr (kOp == Op::kAbs) return std::fabs(a);
    if constexpr (kOp == Op::kFloor) return std::floor(a);
    if constexpr (kOp == Op::kCeil) return std::ceil(a);
    if constexpr (kOp == Op::kSqrt) return std::sqrt(a);
  });
  copy_valid(step, run);
}

// The least integer has no opposite.
template <Op kOp>
void on_int(const Step& step, Run& run) noexcept {
  const std::span values(run.in<std::int64_t>(step.a), run.rows);
  map_one<std::int64_t, std::uint64_t>(step, run, [](std::int64_t a) {
    const auto bits = static_cast<std::uint64_t>(a);
    return kOp == Op::kNegate || a < 0 ? 0 - bits : bits;
  });
  copy_valid(step, run);
  if (std::ranges::find(values, INT64_MIN) == values.end()) return;
  std::uint8_t* const valid = valid_to_clear(step, run);
  for (std::size_t i = 0; i < run.rows; ++i) valid[i] &= values[i] != INT64_MIN;
}

StepRun arithmetic_of(Op op, Kind kind) noexcept {
  const bool ints = kind == Kind::kInt;
  switch (op) {
    case Op::kAdd:
      return ints ? on_ints<Add> : on_floats<Op::kAdd>;
    case Op::kSubtract:
      return ints ? on_ints<Subtract> : on_floats<Op::kSubtract>;
    case Op::kMultiply:
      return ints ? on_ints<Multiply> : on_floats<Op::kMultiply>;
    case Op::kDivide:
      return on_floats<Op::kDivide>;
    default:
      return on_ints<Modulo>;
  }
}

StepRun unary_of(Op op, Kind kind) noexcept {
  if (kind == Kind::kInt) return op == Op::kNegate ? on_int<Op::kNegate> : on_int<Op::kAbs>;
  switch (op) {
    case Op::kNegate:
      return on_float<Op::kNegate>;
    case Op::kAbs:
      return on_float<Op::kAbs>;
    case Op::kFloor:
      return on_float<Op::kFloor>;
    case Op::kCeil:
      return on_float<Op::kCeil>;
    default:
      return on_float<Op::kSqrt>;
  }
}

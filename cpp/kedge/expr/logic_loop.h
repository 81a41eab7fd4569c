// Three-valued logic on bool lanes, whose null rows hold false.

using Bytes = const std::uint8_t*;

// Known where both are, and where the one that is false (true) decides alone.
template <Op kOp, class ValidA, class ValidB>
KEDGE_TARGET void connect_nulls(Bytes a, Bytes b, ValidA valid_a, ValidB valid_b, std::size_t rows,
                                std::uint8_t* __restrict out,
                                std::uint8_t* __restrict valid) noexcept {
  for (std::size_t i = 0; i < rows; ++i) {
    const std::uint8_t va = valid_a[i];
    const std::uint8_t vb = valid_b[i];
    if constexpr (kOp == Op::kAnd) {
      out[i] = a[i] & b[i];
      valid[i] = (va & vb) | (va ^ a[i]) | (vb ^ b[i]);
    } else {
      out[i] = a[i] | b[i];
      valid[i] = (va & vb) | a[i] | b[i];
    }
  }
}

template <Op kOp>
void connect(const Step& step, Run& run) noexcept {
  constexpr Same<std::uint8_t> kKnown{1};
  const Bytes a = run.in<std::uint8_t>(step.a);
  const Bytes b = run.in<std::uint8_t>(step.b);
  const Bytes valid_a = run.lanes[step.a].valid;
  const Bytes valid_b = run.lanes[step.b].valid;
  auto* const out = run.out<std::uint8_t>(step.out);
  std::uint8_t* const valid = run.out_valid(step.out);
  const std::size_t rows = run.rows;
  if (valid_a == nullptr && valid_b == nullptr) {
    each_pair(
        a, b, rows,
        [](std::uint8_t x, std::uint8_t y) -> std::uint8_t {
          return kOp == Op::kAnd ? x & y : x | y;
        },
        out);
  } else if (valid_a == nullptr) {
    connect_nulls<kOp>(a, b, kKnown, valid_b, rows, out, valid);
  } else if (valid_b == nullptr) {
    connect_nulls<kOp>(a, b, valid_a, kKnown, rows, out, valid);
  } else {
    connect_nulls<kOp>(a, b, valid_a, valid_b, rows, out, valid);
  }
  run.lanes[step.out] = {out, valid_a == nullptr && valid_b == nullptr ? nullptr : valid};
}

void negate(const Step& step, Run& run) noexcept {
  map_one<std::uint8_t, std::uint8_t>(
      step, run, [](std::uint8_t a) { return static_cast<std::uint8_t>(a ^ 1); });
  copy_valid(step, run);
  clear_nulls(step, run);
}

template <bool kWanted>
void is_known(const Step& step, Run& run) noexcept {
  const Bytes valid = run.lanes[step.a].valid;
  auto* const out = run.out<std::uint8_t>(step.out);
  if (valid == nullptr) {
    std::memset(out, kWanted ? 1 : 0, run.rows);
  } else {
    each_one(
        valid, run.rows,
        [](std::uint8_t known) -> std::uint8_t { return kWanted ? known : known ^ 1; }, out);
  }
  run.lanes[step.out] = {out, nullptr};
}

void is_nan(const Step& step, Run& run) noexcept {
  map_one<double, std::uint8_t>(step, run, [](double a) { return std::uint8_t{a != a}; });
  copy_valid(step, run);
  clear_nulls(step, run);
}

StepRun logic_of(Op op) noexcept {
  switch (op) {
    case Op::kAnd:
      return connect<Op::kAnd>;
    case Op::kOr:
      return connect<Op::kOr>;
    case Op::kNot:
      return negate;
    case Op::kIsNull:
      return is_known<false>;
    case Op::kIsNotNull:
      return is_known<true>;
    default:
      return is_nan;
  }
}

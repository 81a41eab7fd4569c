// Lanes of one kind out of another's, and out of columns of narrow integers.

template <class Value>
void load_ints(const Step& step, Run& run) noexcept {
  const Column& column = run.code.columns[step.column].of(run.batch);
  auto* const out = run.out<std::int64_t>(step.out);
  // Promoted first: int8_t is a character.
  each_one(
      column.data<Value>() + run.start, run.rows,
      [](Value value) -> std::int64_t { return +value; }, out);
  run.lanes[step.out].values = out;
  load_valid(step, run);
}

// Integers within 2**51 become doubles by adding, in every vector unit.
KEDGE_TARGET bool are_small(const std::int64_t* values, std::size_t rows) noexcept {
  std::uint64_t beyond = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    beyond |= static_cast<std::uint64_t>(values[i]) + (std::uint64_t{1} << 51);
  }
  return beyond >> 52 == 0;
}
inline double small_as_float(std::int64_t value) noexcept {
  constexpr double kOffset = 0x1.8p52;
  const auto bits = static_cast<std::uint64_t>(value) + std::bit_cast<std::uint64_t>(kOffset);
  return std::bit_cast<double>(bits) - kOffset;
}

void int_to_float(const Step& step, Run& run) noexcept {
  if (are_small(run.in<std::int64_t>(step.a), run.rows)) {
    map_one<std::int64_t, double>(step, run, small_as_float);
  } else {
    map_one<std::int64_t, double>(step, run,
                                  [](std::int64_t value) { return static_cast<double>(value); });
  }
  copy_valid(step, run);
}

void uint_to_float(const Step& step, Run& run) noexcept {
  map_one<std::uint64_t, double>(step, run,
                                 [](std::uint64_t value) { return static_cast<double>(value); });
  copy_valid(step, run);
}

// Null where it does not fit.
void uint_to_int(const Step& step, Run& run) noexcept {
  const auto* const values = run.in<std::uint64_t>(step.a);
  const std::uint8_t* const valid = run.lanes[step.a].valid;
  std::uint8_t* const out = run.out_valid(step.out);
  const auto fits = [](std::uint64_t value) { return static_cast<std::uint8_t>(~value >> 63); };
  if (valid == nullptr) {
    each_one(values, run.rows, fits, out);
  } else {
    each_pair(
        values, valid, run.rows,
        [&](std::uint64_t value, std::uint8_t known) -> std::uint8_t {
          return fits(value) & known;
        },
        out);
  }
  map_one<std::uint64_t, std::int64_t>(
      step, run, [](std::uint64_t value) { return static_cast<std::int64_t>(value); });
  run.lanes[step.out].valid = out;
}

StepRun load_ints_of(TypeId id) noexcept {
  switch (id) {
    case TypeId::kInt8:
      return load_ints<std::int8_t>;
    case TypeId::kInt16:
      return load_ints<std::int16_t>;
    case TypeId::kUint8:
      return load_ints<std::uint8_t>;
    case TypeId::kUint16:
      return load_ints<std::uint16_t>;
    case TypeId::kUint32:
      return load_ints<std::uint32_t>;
    default:  // of 32 bits, or days
      return load_ints<std::int32_t>;
  }
}

StepRun convert_of(Kind from, Kind to) noexcept {
  if (to == Kind::kInt) return uint_to_int;
  return from == Kind::kInt ? int_to_float : uint_to_float;
}

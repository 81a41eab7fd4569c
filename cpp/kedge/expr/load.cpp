// Columns into lanes.
#include "kedge/arrow/numeric.h"
#include "kedge/expr/lane_steps.h"

namespace kedge::expr {
namespace {

constexpr std::uint64_t kOnes = 0x0101010101010101;

// Eight bits from `bit` on as eight bytes of 0 or 1; the bytes of the bitmap that hold them exist.
std::uint64_t spread(const std::uint8_t* bitmap, std::size_t bit) noexcept {
  std::uint64_t byte = bitmap[bit >> 3];
  const std::size_t shift = bit & 7;
  if (shift != 0)
    byte = (byte >> shift | std::uint64_t{bitmap[(bit >> 3) + 1]} << (8 - shift)) & 255;
  // Byte i keeps bit i; what is not zero carries into its byte's highest bit.
  const std::uint64_t picked = byte * kOnes & 0x8040201008040201;
  return (picked + 0x7f7f7f7f7f7f7f7f) >> 7 & kOnes;
}

// The bits as bytes; true when all of them are set.
bool expand(const std::uint8_t* bitmap, std::size_t first, std::size_t rows,
            std::uint8_t* out) noexcept {
  std::uint64_t all = kOnes;
  std::size_t i = 0;
  for (; i + 8 <= rows; i += 8) {
    const std::uint64_t bytes = spread(bitmap, first + i);
    all &= bytes;
    std::memcpy(out + i, &bytes, sizeof bytes);
  }
  bool rest = true;
  for (; i < rows; ++i) {
    out[i] = get_bit(bitmap, first + i) ? 1 : 0;
    rest &= out[i] != 0;
  }
  return rest && all == kOnes;
}

// Rows whose code is one of a value that is null.
void clear_null_values(const Column& column, const Run& run, std::uint8_t* valid) noexcept {
  for (std::size_t i = 0; i < run.rows; ++i) {
    if (valid[i] == 0) continue;
    double code;
    read_doubles(column, run.start + i, 1, &code);
    if (column.dictionary->is_null(static_cast<std::size_t>(code))) valid[i] = 0;
  }
}

void load_nulls(const Step& step, Run& run) noexcept { load_valid(step, run); }

// Eight-byte values are read where they lie.
void load_in_place(const Step& step, Run& run) noexcept {
  const Column& column = run.code.columns[step.column].of(run.batch);
  run.lanes[step.out].values = column.data<std::uint64_t>() + run.start;
  load_valid(step, run);
}

void load_floats(const Step& step, Run& run) noexcept {
  const Column& column = run.code.columns[step.column].of(run.batch);
  auto* const out = run.out<double>(step.out);
  read_doubles(column, run.start, run.rows, out);
  run.lanes[step.out].values = out;
  load_valid(step, run);
}

void load_bools(const Step& step, Run& run) noexcept {
  const Column& column = run.code.columns[step.column].of(run.batch);
  auto* const out = run.out<std::uint8_t>(step.out);
  expand(static_cast<const std::uint8_t*>(column.values), column.offset + run.start, run.rows, out);
  run.lanes[step.out].values = out;
  load_valid(step, run);
  clear_nulls(step, run);
}

void fill(const Step& step, Run& run) noexcept {
  const std::uint64_t bits = *run.in<std::uint64_t>(step.a);
  run.lanes[step.out].values = run.out<std::uint8_t>(step.out);
  run.lanes[step.out].valid = nullptr;
  std::memset(run.out<std::uint8_t>(step.out), static_cast<int>(bits), run.rows);
}

void fill_null(const Step& step, Run& run) noexcept {
  std::memset(run.out<std::uint8_t>(step.out), 0, run.rows);
  std::memset(run.out_valid(step.out), 0, run.rows);
  run.lanes[step.out] = {run.out<std::uint8_t>(step.out), run.out_valid(step.out)};
}

}  // namespace

void load_valid(const Step& step, Run& run) noexcept {
  const ColumnRef& ref = run.code.columns[step.column];
  const Column& column = ref.of(run.batch);
  std::uint8_t* const valid = run.out_valid(step.out);
  const std::size_t rows = run.rows;
  bool all = column.validity == nullptr;
  if (all) {
    std::memset(valid, 1, rows);
  } else {
    all = expand(column.validity, column.offset + run.start, rows, valid);
  }
  if (ref.is_child && run.batch.columns[ref.place].validity != nullptr) {
    const Column& parent = run.batch.columns[ref.place];
    // Where the struct is null, so is the child.
    for (std::size_t i = 0; i < rows; ++i) valid[i] &= parent.is_null(run.start + i) ? 0 : 1;
    all = false;
  }
  if (column.dictionary && column.dictionary->validity != nullptr) {
    clear_null_values(column, run, valid);
    all = false;
  }
  run.lanes[step.out].valid = all ? nullptr : valid;
}

StepRun load_step(const Field& field, Kind kind) {
  if (kind == Kind::kText) return load_nulls;
  if (kind == Kind::kBool) return load_bools;
  const TypeId id = field.type.id;
  if (kind == Kind::kFloat) return id == TypeId::kFloat64 ? load_in_place : load_floats;
  return value_bytes(id) == sizeof(std::int64_t) ? load_in_place : active_steps().load_ints(id);
}

StepRun fill_step() noexcept { return fill; }
StepRun fill_null_step() noexcept { return fill_null; }

}  // namespace kedge::expr

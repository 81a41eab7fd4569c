// What is asked of texts, each row's where it lies; of a dictionary's once for each of its values.
#include "kedge/arrow/numeric.h"
#include "kedge/expr/step.h"
#include "kedge/expr/text_equal.h"

namespace kedge::expr {
namespace {

std::string_view text_at(const Column& column, std::size_t row) noexcept {
  if (!column.dictionary) return column.string_at(row);
  double code;
  read_doubles(column, row, 1, &code);
  return column.dictionary->string_at(static_cast<std::size_t>(code));
}

// Calls `holds(row)` for the rows of the chunk that are not null on either side.
template <class Holds>
void ask_rows(const Step& step, Run& run, const Holds& holds) noexcept {
  combine_valid(step, run);
  auto* const out = run.out<std::uint8_t>(step.out);
  const std::uint8_t* const valid = run.lanes[step.out].valid;
  for (std::size_t i = 0; i < run.rows; ++i) {
    out[i] = (valid == nullptr || valid[i] != 0) && holds(run.start + i) ? 1 : 0;
  }
  run.lanes[step.out].values = out;
}

// A null that is listed may be any text: only what is true is known.
void finish_list(const Step& step, Run& run, const TextTest& test) noexcept {
  if (!test.has_null) return;
  std::memcpy(run.out_valid(step.out), run.out<std::uint8_t>(step.out), run.rows);
  run.lanes[step.out].valid = run.out_valid(step.out);
}

void test_texts(const Step& step, Run& run) noexcept {
  const Column& column = run.code.columns[step.column].of(run.batch);
  const TextTest& test = run.code.tests[step.other];
  ask_rows(step, run, [&](std::size_t row) { return test.holds(text_at(column, row)); });
  finish_list(step, run, test);
}

// Whether it is one of a few texts, or is not the one.
void find_texts(const Step& step, Run& run) noexcept {
  const Column& column = run.code.columns[step.column].of(run.batch);
  const TextTest& test = run.code.tests[step.other];
  auto* const out = run.out<std::uint8_t>(step.out);
  std::memset(out, 0, run.rows);
  for (const std::string& wanted : test.texts) {
    mark_equal(column, run.start, run.rows, run.lanes[step.a].valid, wanted, out);
  }
  const bool is_unequal = !test.is_list && test.mask != mask_of(Op::kEqual);
  for (std::size_t i = 0; is_unequal && i < run.rows; ++i) out[i] ^= 1;
  run.lanes[step.out].values = out;
  combine_valid(step, run);
  clear_nulls(step, run);
  finish_list(step, run, test);
}

template <class Index>
void look_up(const Step& step, Run& run) noexcept {
  const std::vector<std::uint8_t>& table = run.tables[step.other];
  if (table.empty()) return test_texts(step, run);
  const auto* const codes = run.code.columns[step.column].of(run.batch).data<Index>() + run.start;
  const std::uint8_t* const valid = run.lanes[step.a].valid;
  auto* const out = run.out<std::uint8_t>(step.out);
  // A null row's code may be anything: the first is read in its place.
  for (std::size_t i = 0; i < run.rows; ++i) {
    const Index code = codes[i];
    out[i] = table[valid == nullptr || valid[i] != 0 ? static_cast<std::size_t>(+code) : 0];
  }
  run.lanes[step.out].values = out;
  combine_valid(step, run);
  clear_nulls(step, run);
  finish_list(step, run, run.code.tests[step.other]);
}

void compare_texts(const Step& step, Run& run) noexcept {
  const Column& left = run.code.columns[step.column].of(run.batch);
  const Column& right = run.code.columns[step.other].of(run.batch);
  ask_rows(step, run, [&](std::size_t row) {
    return (step.mask & order_bit(text_at(left, row), text_at(right, row))) != 0;
  });
}

}  // namespace

bool TextTest::holds(std::string_view value) const noexcept {
  if (!is_list) return (mask & order_bit(value, std::string_view(texts.front()))) != 0;
  const auto at = std::lower_bound(texts.begin(), texts.end(), value);
  return at != texts.end() && *at == value;
}

StepRun text_test_step(const Field& field, const TextTest& test) {
  // Longer lists are searched.
  constexpr std::size_t kFew = 8;
  const bool is_found =
      test.is_list || test.mask == mask_of(Op::kEqual) || test.mask == mask_of(Op::kNotEqual);
  if (!field.type.dictionary) {
    return is_found && test.texts.size() <= kFew ? find_texts : test_texts;
  }
  switch (field.type.id) {
    case TypeId::kInt8:
      return look_up<std::int8_t>;
    case TypeId::kInt16:
      return look_up<std::int16_t>;
    case TypeId::kInt32:
      return look_up<std::int32_t>;
    case TypeId::kInt64:
      return look_up<std::int64_t>;
    case TypeId::kUint8:
      return look_up<std::uint8_t>;
    case TypeId::kUint16:
      return look_up<std::uint16_t>;
    case TypeId::kUint32:
      return look_up<std::uint32_t>;
    default:
      return look_up<std::uint64_t>;
  }
}

StepRun text_pair_step() noexcept { return compare_texts; }

}  // namespace kedge::expr

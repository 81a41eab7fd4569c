// What is asked of texts, each row's where it lies; of a dictionary's once for each of its values.
#include "kedge/arrow/numeric.h"
#include "kedge/expr/step.h"

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

// Equality with one text: most rows differ from it in length or in their first bytes.
template <class End>
void equal_texts(const Step& step, Run& run) noexcept {
  const Column& column = run.code.columns[step.column].of(run.batch);
  const TextTest& test = run.code.tests[step.other];
  const std::string& wanted = test.texts.front();
  const auto* const ends = column.data<End>();
  const auto length = static_cast<End>(wanted.size());
  const bool is_equal = test.mask == mask_of(Op::kEqual);
  ask_rows(step, run, [&](std::size_t row) {
    const bool same = ends[row + 1] - ends[row] == length &&
                      (length == 0 || (column.text[ends[row]] == wanted.front() &&
                                       std::memcmp(column.text + ends[row], wanted.data(),
                                                   static_cast<std::size_t>(length)) == 0));
    return same == is_equal;
  });
}

template <class Index>
void look_up(const Step& step, Run& run) noexcept {
  const std::vector<std::uint8_t>& table = run.tables[step.other];
  if (table.empty()) return test_texts(step, run);
  const auto* const codes = run.code.columns[step.column].of(run.batch).data<Index>();
  ask_rows(step, run,
           [&](std::size_t row) { return table[static_cast<std::size_t>(codes[row])] != 0; });
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
  if (!field.type.dictionary) {
    const bool one =
        !test.is_list && (test.mask == mask_of(Op::kEqual) || test.mask == mask_of(Op::kNotEqual));
    if (one && field.type.id == TypeId::kUtf8 && test.texts.front().size() < INT32_MAX) {
      return equal_texts<std::int32_t>;
    }
    return one && field.type.id == TypeId::kLargeUtf8 ? equal_texts<std::int64_t> : test_texts;
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

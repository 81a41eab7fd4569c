// A program's steps, and what they work on: lanes, each the values of one chunk of rows.
//
// A bool lane has bytes that are 1 where the value is true and 0 where it is false or null. Other
// lanes have eight bytes a row, whatever they like where the row is null.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "kedge/arrow/batch.h"
#include "kedge/base/buffer.h"
#include "kedge/expr/value_type.h"

namespace kedge::expr {

// Some lanes of it fit the first-level cache beside the columns that are read.
inline constexpr std::size_t kChunk = 1024;

struct Lane {
  const void* values = nullptr;
  const std::uint8_t* valid = nullptr;  // 1 or 0 for each row; absent when none is null
};

struct Run;
struct Step;
using StepRun = void (*)(const Step&, Run&) noexcept;

inline constexpr std::uint32_t kNoLane = 0xffffffff;

struct Step {
  StepRun run = nullptr;
  std::uint32_t out = kNoLane;
  std::uint32_t a = kNoLane;
  std::uint32_t b = kNoLane;
  bool a_same = false;  // the operand is one value for all rows
  bool b_same = false;
  std::uint8_t mask = 0;     // of a comparison: the orders for which it is true
  std::uint32_t column = 0;  // of what reads one
  std::uint32_t other = 0;   // another column, a list, or a text test
  std::int64_t factor = 1;   // of a comparison of times: b's ticks in one of a's
};

// A column of a batch, or a child of a struct column.
struct ColumnRef {
  std::size_t place = 0;
  std::size_t child = 0;
  bool is_child = false;
  Field field;  // with the name by which the expression calls it

  const Column& of(const Batch& batch) const noexcept {
    const Column& column = batch.columns[place];
    return is_child ? column.children[child] : column;
  }
};

// The constants after `in`, as bits of the operand's kind, in rising order.
struct List {
  std::vector<std::uint64_t> bits;
  bool has_null = false;
};

// What is asked of a text: its order to another, or whether it is listed.
struct TextTest {
  std::vector<std::string> texts;  // in rising order; one, unless is_list
  bool is_list = false;
  bool has_null = false;
  std::uint8_t mask = 0;
  std::uint32_t column = 0;  // whose texts they are

  bool holds(std::string_view value) const noexcept;
};

struct Code {
  std::string text;  // of the expression, for errors
  ValueType value;
  Type type;
  std::vector<std::string> names;
  std::vector<ColumnRef> columns;
  std::vector<List> lists;
  std::vector<TextTest> tests;
  std::vector<Step> steps;
  std::uint32_t stored_lanes = 0;        // the first lanes, which have memory
  std::vector<std::uint64_t> constants;  // the lanes after those
  std::uint32_t result = kNoLane;        // none of a text

  bool is_constant(std::uint32_t lane) const noexcept { return lane >= stored_lanes; }
};

// The state of one run over a batch.
struct Run {
  Run(const Code& its_code, const Batch& its_batch, std::size_t most_rows);

  template <class T>
  T* out(std::uint32_t lane) noexcept {
    return reinterpret_cast<T*>(memory.data() + lane * stride);
  }
  std::uint8_t* out_valid(std::uint32_t lane) noexcept {
    return out<std::uint8_t>(lane) + capacity * sizeof(std::uint64_t);
  }
  template <class T>
  const T* in(std::uint32_t lane) const noexcept {
    return static_cast<const T*>(lanes[lane].values);
  }

  const Code& code;
  const Batch& batch;
  std::size_t start = 0;
  std::size_t rows = 0;
  std::size_t capacity;
  std::size_t stride;
  Buffer memory;
  std::vector<Lane> lanes;
  std::vector<std::vector<std::uint8_t>> tables;  // by text test: its answer for each code
};

// The out lane is null where the column is.
void load_valid(const Step& step, Run& run) noexcept;
// The out lane is null where `a` is, or either of both. Copied: an operand's lane is used again.
void copy_valid(const Step& step, Run& run) noexcept;
void combine_valid(const Step& step, Run& run) noexcept;
// After that, of a bool lane: false where it is null.
void clear_nulls(const Step& step, Run& run) noexcept;

// A comparison's mask has a bit for each order of its operands: less, equal, greater, unordered.
constexpr std::uint8_t mask_of(Op op) noexcept {
  switch (op) {
    case Op::kEqual:
      return 2;
    case Op::kLess:
      return 1;
    case Op::kLessEqual:
      return 3;
    case Op::kGreater:
      return 4;
    case Op::kGreaterEqual:
      return 6;
    default:  // not equal
      return 13;
  }
}
// The bit of such an order.
template <class A, class B>
std::uint8_t order_bit(const A& a, const B& b) noexcept {
  return static_cast<std::uint8_t>(a < b ? 1 : a == b ? 2 : a > b ? 4 : 8);
}

// The steps there are; operands are lanes a and b, of the kinds that are named. What is computed is
// in lane_steps.h.

StepRun load_step(const Field& field, Kind kind);  // `column`; of text only the nulls
StepRun fill_step() noexcept;                      // the constant bool a, in every row
StepRun fill_null_step() noexcept;                 // a bool that is null in every row
StepRun text_test_step(const Field& field,
                       const TextTest& test);  // test `other` of `column`, nulls in a and b
StepRun text_pair_step() noexcept;             // `column` with `other` by mask, nulls in a, b

}  // namespace kedge::expr

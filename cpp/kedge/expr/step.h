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

// One value for all rows, read as if it were many.
template <class T>
struct Same {
  T value;
  T operator[](std::size_t) const noexcept { return value; }
};

// Calls `use` with both operands: pointers to values, or one value for all.
template <class A, class B, class Use>
void with_operands(const Step& step, const Run& run, const Use& use) noexcept {
  const A* const a = run.in<A>(step.a);
  const B* const b = run.in<B>(step.b);
  if (step.a_same) {
    use(Same<A>{*a}, b);
  } else if (step.b_same) {
    use(a, Same<B>{*b});
  } else {
    use(a, b);
  }
}

// out[i] = f(a[i], b[i]), in plain loops that a compiler turns into vector instructions.
template <class A, class B, class Out, class F>
void map_pair(const Step& step, Run& run, const F& f) noexcept {
  Out* __restrict const out = run.out<Out>(step.out);
  const std::size_t rows = run.rows;
  with_operands<A, B>(step, run, [&](auto a, auto b) {
    for (std::size_t i = 0; i < rows; ++i) out[i] = f(a[i], b[i]);
  });
  run.lanes[step.out].values = out;
}

template <class A, class Out, class F>
void map_one(const Step& step, Run& run, const F& f) noexcept {
  Out* __restrict const out = run.out<Out>(step.out);
  const A* const a = run.in<A>(step.a);
  const std::size_t rows = run.rows;
  for (std::size_t i = 0; i < rows; ++i) out[i] = f(a[i]);
  run.lanes[step.out].values = out;
}

// The out lane is null where `a` is, or either of both. Copied: an operand's lane is used again.
void copy_valid(const Step& step, Run& run) noexcept;
void combine_valid(const Step& step, Run& run) noexcept;
// After that, of a bool lane: false where it is null.
void clear_nulls(const Step& step, Run& run) noexcept;

// A comparison's mask has a bit for each order of its operands: less, equal, greater, unordered.
std::uint8_t mask_of(Op op) noexcept;
// The bit of such an order.
template <class A, class B>
std::uint8_t order_bit(const A& a, const B& b) noexcept {
  return static_cast<std::uint8_t>(a < b ? 1 : a == b ? 2 : a > b ? 4 : 8);
}

// The steps there are; operands are lanes a and b, of the kinds that are named.

StepRun load_step(const Field& field, Kind kind);  // `column`; of text only the nulls
StepRun fill_step() noexcept;                      // the constant bool a, in every row
StepRun fill_null_step() noexcept;                 // a bool that is null in every row
StepRun convert_step(Kind from, Kind to) noexcept;

StepRun compare_step(Op op, Kind kind) noexcept;  // not of bools; == != < <=
StepRun compare_step(Kind a, Kind b) noexcept;    // by mask, other pairs
StepRun compare_ticks_step() noexcept;            // by mask, a * factor with b
StepRun list_step(Kind kind) noexcept;            // whether list `other` has a
StepRun text_test_step(const Field& field,
                       const TextTest& test);  // test `other` of `column`, nulls in a and b
StepRun text_pair_step() noexcept;             // `column` with `other` by mask, nulls in a, b
StepRun logic_step(Op op) noexcept;            // not, and, or, is null, is not null, is nan

StepRun arithmetic_step(Op op, Kind kind) noexcept;  // of ints or floats
StepRun unary_step(Op op, Kind kind) noexcept;       // minus, abs, floor, ceil, sqrt

}  // namespace kedge::expr

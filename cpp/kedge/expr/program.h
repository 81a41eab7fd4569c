// An expression bound to a schema: its types are checked once, then it runs over any batch of that
// schema, a chunk of rows at a time.
//
// - Null is SQL's: an operation on null is null, except that `false and null` is false, `true or
//   null` is true, and `is null` is never null. `x in (1, null)` is true or null.
// - NaN is IEEE's: unequal to everything, itself included, so `x != x` finds it as `x is nan` does.
// - Integers compare exactly with floats, and signed with unsigned; times exactly whatever their
//   units, and as UTC whatever their zones. Text compares by its bytes.
// - + - * of integers are int64, null where the result does not fit; an unsigned operand beyond
//   int64 is null there. With a float they are float64, and so is `/` always, where x / 0 is
//   infinite or NaN. % is of integers, has the sign of the divisor, and is null when that is 0.
// - time - time is a duration, time +- duration a time, duration / duration a float64: all exact,
// in
//   the finer of both units, null where it does not fit.
// - floor and ceil leave integers as they are. sqrt below zero is NaN.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kedge/arrow/batch.h"
#include "kedge/base/buffer.h"
#include "kedge/expr/expression.h"

namespace kedge {

namespace expr {
struct Code;
}

// One value for each row of a batch. The column points into the buffers, which move with it.
struct ComputedColumn {
  Column column;    // without offset; its validity is absent when no row is null
  Buffer values;    // 8 bytes a value, 4 for date32, a bit for bool
  Buffer validity;  // a bit a row
};

// Copies share what they hold. Immutable, so any number of threads may run it.
class Program {
 public:
  // Throws InvalidArgument for a column that does not exist, for operands whose types do not go
  // together (names the column and both types), and for an expression that is always null;
  // Unsupported for a column of a type that the language has no values for.
  Program(const Expression& expression, const Schema& schema);

  // bool, int64, uint64, float64, date32, or a timestamp; a float32 column alone is float64.
  // Of text it is utf8, of a duration the opaque type "duration": only `evaluate` refuses those.
  const Type& type() const noexcept;

  // The columns that are read, each once, in the order in which they first appear.
  const std::vector<std::string>& columns() const noexcept;

  // Throws InvalidArgument unless the value is bool, as select() wants it.
  void check_condition() const;

  // Throws InvalidArgument unless the batch has the schema's types and its strings and dictionary
  // indices lie inside. Call it once for a batch that came from outside. O(rows) for strings.
  void check(const Batch& batch) const;

  // keep[i] = 1 where row i's condition is true, 0 where it is false or null. The batch has passed
  // check(). Throws InvalidArgument when the expression is not bool, the types are not the schema's
  // or `keep` has another length than the batch.
  void select(const Batch& batch, std::span<std::uint8_t> keep) const;

  // The value in every row; a bool's bit is 0 where it is null. The batch has passed check().
  // Throws Unsupported for text and durations.
  ComputedColumn evaluate(const Batch& batch) const;

 private:
  std::shared_ptr<const expr::Code> code_;
};

}  // namespace kedge

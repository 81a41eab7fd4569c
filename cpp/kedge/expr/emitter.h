// Writes a program's steps: loads columns when they are first wanted, computes at once what is
// constant, and shares lanes in the end.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "kedge/expr/lane_steps.h"

namespace kedge::expr {

// A part of the expression that has been compiled: a constant, a column that need not be loaded, or
// what is in a lane.
struct Operand {
  ValueType type;
  std::size_t first_node = 0;  // its nodes in the expression
  std::size_t last_node = 0;
  std::optional<Literal> constant;  // null has a type when an operation gave it
  std::optional<std::uint32_t> column;
  std::uint32_t lane = kNoLane;

  bool is_null() const noexcept { return constant && constant->index() == 0; }
  bool is_constant() const noexcept { return constant && constant->index() != 0; }
};

Operand constant_of(Literal value, ValueType type);
Operand null_of(ValueType type);

// What a lane of such values holds: times and durations are integers.
Kind lane_kind(Kind kind) noexcept;

// Lanes are numbered as they come, constants apart from those that are stored.
class Emitter {
 public:
  explicit Emitter(const Schema& schema);

  // Finds a column by its name, "a.b" for a struct's child. Throws InvalidArgument that lists the
  // names there are.
  Operand column(const std::string& name);

  // A lane with the operand as values of a lane's kind. Not for null, text, or a constant bool.
  std::uint32_t lane_of(const Operand& operand, Kind kind);
  // A lane that is not one value for all rows.
  std::uint32_t bool_lane(const Operand& operand);
  // A lane that is null where the column is.
  std::uint32_t nulls_of(std::uint32_t column);
  std::uint32_t constant_lane(std::uint64_t bits);

  // Appends the step, or computes it when its operands are constant.
  Operand emit(Step step, ValueType type);

  std::uint32_t add_list(List list);
  std::uint32_t add_test(TextTest test);
  const ColumnRef& column_ref(std::uint32_t i) const noexcept { return code_.columns[i]; }

  // The code, whose value is the operand; lanes are used again after they were last read.
  Code finish(const Operand& result);

 private:
  static constexpr std::uint32_t kConstant = 0x80000000;  // marks the number of a constant lane

  std::uint32_t load(std::uint32_t column, Kind kind);
  std::uint32_t append(Step step);
  Operand compute(Step step, ValueType type);
  void share_lanes();

  const Schema& schema_;
  Schema flat_;
  Code code_;
  std::uint32_t lanes_ = 0;
  std::map<std::pair<std::uint32_t, Kind>, std::uint32_t> loaded_;
};

}  // namespace kedge::expr

#include "kedge/expr/emitter.h"

#include <bit>

#include "kedge/arrow/flatten.h"
#include "kedge/base/error.h"

namespace kedge::expr {
namespace {

// Where the column stands that is `flat` in the schema with its structs opened.
ColumnRef column_at(const Schema& schema, std::size_t flat, Field field) {
  ColumnRef ref;
  ref.field = std::move(field);
  for (const Field& top : schema) {
    const bool is_struct = top.type.id == TypeId::kStruct;
    const std::size_t count = is_struct ? top.type.children.size() : 1;
    if (flat < count) {
      ref.is_child = is_struct;
      ref.child = flat;
      return ref;
    }
    flat -= count;
    ++ref.place;
  }
  return ref;
}

Literal literal_of(const Lane& lane, const ValueType& type) {
  if (lane.valid != nullptr && lane.valid[0] == 0) return {};
  if (type.kind == Kind::kBool) return *static_cast<const std::uint8_t*>(lane.values) != 0;
  const auto bits = *static_cast<const std::uint64_t*>(lane.values);
  if (type.kind == Kind::kFloat) return std::bit_cast<double>(bits);
  const auto whole = static_cast<std::int64_t>(bits);
  if (type.kind == Kind::kTime) return Instant{whole, type.tick};
  if (type.kind == Kind::kDuration) return Duration{whole, type.tick};
  return whole;
}

}  // namespace

Operand constant_of(Literal value, ValueType type) {
  Operand operand;
  operand.type = std::move(type);
  operand.constant = std::move(value);
  return operand;
}

Operand null_of(ValueType type) { return constant_of({}, std::move(type)); }

Kind lane_kind(Kind kind) noexcept {
  return kind == Kind::kTime || kind == Kind::kDuration ? Kind::kInt : kind;
}

Emitter::Emitter(const Schema& schema) : schema_(schema), flat_(flatten(schema)) {}

Operand Emitter::column(const std::string& name) {
  std::size_t i = 0;
  while (i < code_.names.size() && code_.names[i] != name) ++i;
  if (i == code_.names.size()) {
    const std::size_t flat = find_column(flat_, name);
    code_.columns.push_back(column_at(schema_, flat, flat_[flat]));
    code_.names.push_back(name);
  }
  Operand operand;
  operand.type = value_type_of(code_.columns[i].field);
  operand.column = static_cast<std::uint32_t>(i);
  return operand;
}

std::uint32_t Emitter::constant_lane(std::uint64_t bits) {
  code_.constants.push_back(bits);
  return kConstant | static_cast<std::uint32_t>(code_.constants.size() - 1);
}

std::uint32_t Emitter::append(Step step) {
  step.a_same = step.a != kNoLane && (step.a & kConstant) != 0;
  step.b_same = step.b != kNoLane && (step.b & kConstant) != 0;
  step.out = lanes_++;
  code_.steps.push_back(step);
  return step.out;
}

std::uint32_t Emitter::load(std::uint32_t column, Kind kind) {
  const auto [at, is_first] = loaded_.try_emplace({column, kind}, kNoLane);
  if (is_first) {
    Step step;
    step.run = load_step(code_.columns[column].field, kind);
    step.column = column;
    at->second = append(step);
  }
  return at->second;
}

std::uint32_t Emitter::nulls_of(std::uint32_t column) {
  const auto at = loaded_.lower_bound({column, Kind::kNull});
  const bool is_loaded = at != loaded_.end() && at->first.first == column;
  return is_loaded ? at->second : load(column, Kind::kText);
}

std::uint32_t Emitter::lane_of(const Operand& operand, Kind kind) {
  if (operand.is_constant()) {
    const auto* const duration = std::get_if<Duration>(&*operand.constant);
    if (duration != nullptr && kind == Kind::kFloat) {
      return constant_lane(std::bit_cast<std::uint64_t>(static_cast<double>(duration->ticks)));
    }
    return constant_lane(place_of(*operand.constant, kind, operand.type.tick).bits);
  }
  const Kind own = lane_kind(operand.type.kind);
  if (operand.column && (own == kind || kind == Kind::kFloat)) return load(*operand.column, kind);
  const std::uint32_t lane = operand.column ? load(*operand.column, own) : operand.lane;
  if (own == kind) return lane;
  Step step;
  step.run = active_steps().convert(own, kind);
  step.a = lane;
  return append(step);
}

std::uint32_t Emitter::bool_lane(const Operand& operand) {
  if (!operand.constant) return lane_of(operand, Kind::kBool);
  Step step;
  step.run = operand.is_null() ? fill_null_step() : fill_step();
  if (!operand.is_null()) step.a = constant_lane(std::get<bool>(*operand.constant) ? 1 : 0);
  return append(step);
}

Operand Emitter::emit(Step step, ValueType type) {
  const bool a_same = (step.a & kConstant) != 0;  // or there is none
  const bool b_same = (step.b & kConstant) != 0;
  if (step.a != kNoLane && a_same && b_same) return compute(step, std::move(type));
  Operand operand;
  operand.type = std::move(type);
  operand.lane = append(step);
  return operand;
}

Operand Emitter::compute(Step step, ValueType type) {
  Code one;
  one.lists.swap(code_.lists);  // lent
  one.stored_lanes = 1;
  for (std::uint32_t* const lane : {&step.a, &step.b}) {
    if (*lane == kNoLane) continue;
    one.constants.push_back(code_.constants[*lane & ~kConstant]);
    *lane = static_cast<std::uint32_t>(one.constants.size());
  }
  step.out = 0;
  const Batch none;
  Run run(one, none, 1);
  run.rows = 1;
  step.run(step, run);
  one.lists.swap(code_.lists);
  Literal value = literal_of(run.lanes[0], type);
  return constant_of(std::move(value), std::move(type));
}

std::uint32_t Emitter::add_list(List list) {
  code_.lists.push_back(std::move(list));
  return static_cast<std::uint32_t>(code_.lists.size() - 1);
}

std::uint32_t Emitter::add_test(TextTest test) {
  code_.tests.push_back(std::move(test));
  return static_cast<std::uint32_t>(code_.tests.size() - 1);
}

void Emitter::share_lanes() {
  constexpr std::size_t kNever = static_cast<std::size_t>(-1);
  std::vector<std::size_t> last_read(lanes_, kNever);
  for (std::size_t i = 0; i < code_.steps.size(); ++i) {
    for (const std::uint32_t lane : {code_.steps[i].a, code_.steps[i].b}) {
      if (lane < kConstant) last_read[lane] = i;
    }
  }
  std::vector<std::uint32_t> shared(lanes_, kNoLane);
  std::vector<std::uint32_t> free;
  std::uint32_t stored = 0;
  for (std::size_t i = 0; i < code_.steps.size(); ++i) {
    const Step& step = code_.steps[i];
    const bool is_new = free.empty();
    shared[step.out] = is_new ? stored : free.back();
    is_new ? void(++stored) : free.pop_back();
    for (const std::uint32_t lane : {step.a, step.b == step.a ? kNoLane : step.b}) {
      if (lane < kConstant && last_read[lane] == i) free.push_back(shared[lane]);
    }
  }
  const auto rename = [&](std::uint32_t& lane) {
    if (lane == kNoLane) return;
    lane = (lane & kConstant) != 0 ? stored + (lane & ~kConstant) : shared[lane];
  };
  for (Step& step : code_.steps) {
    rename(step.out);
    rename(step.a);
    rename(step.b);
  }
  rename(code_.result);
  code_.stored_lanes = stored;
}

Code Emitter::finish(const Operand& result) {
  code_.value = result.type;
  code_.type = arrow_type_of(result.type);
  if (result.type.kind == Kind::kBool) {
    code_.result = bool_lane(result);
  } else if (result.type.kind != Kind::kText) {
    code_.result = lane_of(result, lane_kind(result.type.kind));
  }
  share_lanes();
  return std::move(code_);
}

}  // namespace kedge::expr

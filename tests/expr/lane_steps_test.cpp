// Every step of every variant gives the bits of the scalar one: for values at the ends of their
// kinds, any number of rows, and either operand as one value for all.
#include "kedge/expr/lane_steps.h"

#include <array>
#include <bit>
#include <functional>
#include <limits>
#include <vector>

#include "check.h"
#include "kedge/base/random.h"

namespace kedge::expr {
namespace {

constexpr std::size_t kRows = 517;  // no whole number of vectors
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::array kNumbers = {Kind::kInt, Kind::kUint, Kind::kFloat};

// Small ones, and every fifth one that steps could trip over.
std::uint64_t drawn(Kind kind, Random& random) {
  constexpr std::array kWhole = {std::int64_t{0},
                                 std::int64_t{-1},
                                 kLeast,
                                 ~kLeast,
                                 std::int64_t{1} << 53,
                                 (std::int64_t{1} << 53) + 1,
                                 kLeast + 1,
                                 -(std::int64_t{1} << 51) - 1};
  constexpr std::array kFloats = {0.0, -0.0, kNan, kInfinity, -kInfinity, 0x1p63, -0x1p63, 0x1p53};
  const auto small = static_cast<std::int64_t>(random.below(64)) - 32;
  const bool is_odd = random.below(5) == 0;
  const std::uint32_t which = random.below(kWhole.size());
  if (kind == Kind::kFloat) {
    const double value = static_cast<double>(small) / 2;
    return std::bit_cast<std::uint64_t>(is_odd ? kFloats[which] : value);
  }
  return static_cast<std::uint64_t>(is_odd ? kWhole[which] : small);
}

struct Values {
  Values(std::uint64_t seed, const std::function<std::uint64_t(Random&)>& draw) {
    Random random(seed);
    for (std::size_t i = 0; i < kRows; ++i) {
      words.push_back(draw(random));
      valid.push_back(random.below(8) != 0 ? 1 : 0);
    }
  }
  Values(std::uint64_t seed, Kind kind)
      : Values(seed, [&](Random& random) { return drawn(kind, random); }) {}

  std::vector<std::uint64_t> words;
  std::vector<std::uint8_t> valid;
};

Values bools(std::uint64_t seed) {
  return {seed, [](Random& random) { return random.bits() & 0x0101010101010101; }};
}
Values smalls(std::uint64_t seed) {
  return {seed, [](Random& random) { return random.below(32); }};
}

// What comes out: values where they are known, and which are.
std::vector<std::uint64_t> answers(const Step& step, const Code& code, const Values& a,
                                   const Values& b, bool is_bool) {
  const Batch none;
  Run run(code, none, kRows);
  run.lanes = {{}, {a.words.data(), a.valid.data()}, {b.words.data(), b.valid.data()}};
  if (step.a_same) run.lanes[1].valid = nullptr;
  if (step.b_same) run.lanes[2].valid = nullptr;
  run.rows = kRows;
  step.run(step, run);
  std::vector<std::uint64_t> out;
  const std::uint8_t* const valid = run.lanes[0].valid;
  for (std::size_t i = 0; i < kRows; ++i) {
    const std::uint64_t value = is_bool ? run.in<std::uint8_t>(0)[i] : run.in<std::uint64_t>(0)[i];
    const std::uint64_t is_known = valid == nullptr ? 1 : valid[i];
    out.push_back(is_known != 0 ? value : 0);
    out.push_back(is_known);
  }
  return out;
}

using StepOf = std::function<StepRun(const LaneSteps&)>;

void check_same(const StepOf& step_of, const Values& a, const Values& b, bool is_bool,
                std::uint8_t mask = 0, const List& list = {}) {
  Code code;
  code.stored_lanes = 1;
  code.lists = {list};
  Step step;
  step.out = 0;
  step.a = 1;
  step.b = 2;
  step.mask = mask;
  step.other = 0;
  step.factor = 1000;
  for (int same = 0; same < 3; ++same) {
    step.a_same = same == 1;
    step.b_same = same == 2;
    step.run = step_of(lane_steps_variants().front());
    const std::vector<std::uint64_t> wanted = answers(step, code, a, b, is_bool);
    for (const LaneSteps& steps : lane_steps_variants()) {
      if (!is_runnable(steps.isa)) continue;
      step.run = step_of(steps);
      CHECK(answers(step, code, a, b, is_bool) == wanted);
    }
  }
}

TEST("comparisons have the scalar steps' bits in every variant") {
  for (const Kind kind : kNumbers) {
    for (const Op op : {Op::kEqual, Op::kNotEqual, Op::kLess, Op::kLessEqual}) {
      check_same([&](const LaneSteps& steps) { return steps.compare(op, kind); }, Values(1, kind),
                 Values(2, kind), true);
    }
  }
  for (const Op op :
       {Op::kEqual, Op::kNotEqual, Op::kLess, Op::kLessEqual, Op::kGreater, Op::kGreaterEqual}) {
    const auto kinds = [&](Kind a, Kind b, const Values& left, const Values& right) {
      check_same([&](const LaneSteps& steps) { return steps.compare_kinds(a, b); }, left, right,
                 true, mask_of(op));
    };
    kinds(Kind::kBool, Kind::kBool, bools(1), bools(2));
    kinds(Kind::kInt, Kind::kFloat, smalls(1), Values(2, Kind::kFloat));
    kinds(Kind::kInt, Kind::kFloat, Values(1, Kind::kInt), Values(2, Kind::kFloat));
    kinds(Kind::kUint, Kind::kFloat, Values(1, Kind::kUint), Values(2, Kind::kFloat));
    kinds(Kind::kInt, Kind::kUint, Values(1, Kind::kInt), Values(2, Kind::kUint));
    check_same([](const LaneSteps& steps) { return steps.compare_ticks(); }, Values(1, Kind::kInt),
               Values(2, Kind::kInt), true, mask_of(op));
  }
}

TEST("small integers are compared with doubles as exactly as others") {
  const Values floats(2, Kind::kFloat);
  Values mixed = smalls(1);
  mixed.words[kRows - 1] = static_cast<std::uint64_t>(kLeast);  // no small one: the long way
  Code code;
  code.stored_lanes = 1;
  Step step;
  step.out = 0;
  step.a = 1;
  step.b = 2;
  for (const Op op :
       {Op::kEqual, Op::kNotEqual, Op::kLess, Op::kLessEqual, Op::kGreater, Op::kGreaterEqual}) {
    step.mask = mask_of(op);
    step.run = lane_steps_variants().front().compare_kinds(Kind::kInt, Kind::kFloat);
    auto fast = answers(step, code, smalls(1), floats, true);
    auto slow = answers(step, code, mixed, floats, true);
    fast.resize(2 * kRows - 2);
    slow.resize(2 * kRows - 2);
    CHECK(fast == slow);
  }
}

TEST("lists are searched with the scalar steps' bits in every variant") {
  const List none;
  const List near{{0, 1, 5, 31}, false};
  const List far{{0, 7, 1 << 20}, true};
  List many{{}, false};
  for (std::uint64_t i = 0; i < 40; ++i) many.bits.push_back(i * i);
  for (const Kind kind : {Kind::kInt, Kind::kUint}) {
    for (const List& list : {none, near, far, many}) {
      check_same([&](const LaneSteps& steps) { return steps.list(kind); }, Values(3, kind),
                 Values(4, kind), true, 0, list);
    }
  }
  List floats{{}, false};
  for (const double value : {-3.5, 0.0, 2.0, 0x1p53}) {
    floats.bits.push_back(std::bit_cast<std::uint64_t>(value));
  }
  check_same([](const LaneSteps& steps) { return steps.list(Kind::kFloat); },
             Values(3, Kind::kFloat), Values(4, Kind::kFloat), true, 0, floats);
}

TEST("arithmetic has the scalar steps' bits in every variant") {
  for (const Op op : {Op::kAdd, Op::kSubtract, Op::kMultiply, Op::kModulo, Op::kDivide}) {
    for (const Kind kind : {Kind::kInt, Kind::kFloat}) {
      if (op == (kind == Kind::kInt ? Op::kDivide : Op::kModulo)) continue;
      check_same([&](const LaneSteps& steps) { return steps.arithmetic(op, kind); },
                 Values(5, kind), Values(6, kind), false);
    }
  }
  for (const Op op : {Op::kNegate, Op::kAbs, Op::kFloor, Op::kCeil, Op::kSqrt}) {
    const bool is_whole = op == Op::kNegate || op == Op::kAbs;
    for (const Kind kind : {Kind::kInt, Kind::kFloat}) {
      if (kind == Kind::kInt && !is_whole) continue;
      check_same([&](const LaneSteps& steps) { return steps.unary(op, kind); }, Values(5, kind),
                 Values(6, kind), false);
    }
  }
}

TEST("logic and conversions have the scalar steps' bits in every variant") {
  for (const Op op : {Op::kAnd, Op::kOr, Op::kNot, Op::kIsNull, Op::kIsNotNull}) {
    check_same([&](const LaneSteps& steps) { return steps.logic(op); }, bools(7), bools(8), true);
  }
  check_same([](const LaneSteps& steps) { return steps.logic(Op::kIsNan); },
             Values(7, Kind::kFloat), Values(8, Kind::kFloat), true);
  const auto converted = [](Kind from, Kind to, const Values& values) {
    check_same([&](const LaneSteps& steps) { return steps.convert(from, to); }, values, values,
               false);
  };
  converted(Kind::kInt, Kind::kFloat, smalls(9));
  converted(Kind::kInt, Kind::kFloat, Values(9, Kind::kInt));
  converted(Kind::kUint, Kind::kFloat, Values(9, Kind::kUint));
  converted(Kind::kUint, Kind::kInt, Values(9, Kind::kUint));
}

}  // namespace
}  // namespace kedge::expr

// Truth values: 1 or 0, of NaN what a comparison says, which is 0.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "kedge/model/onnx_net_operators.h"

namespace kedge {
namespace {

constexpr std::array kOne = {1.0};
constexpr std::array kZero = {0.0};

std::uint32_t negated(OnnxNetReader& net, std::uint32_t slot) {
  const std::uint32_t minus = net.net().activate(slot, Activation::kNegate);
  return net.net().combine(Combination::kAdd, minus, kOne);
}

// 1 where x is NaN, 0 elsewhere.
OnnxNetValue read_is_nan(OnnxNetReader& net, const OnnxNode& node) {
  const OnnxNetValue& x = net.numbers(node, 0);
  return {.slot = net.net().missing(x.slot), .type = OnnxType::kBool, .form = x.form};
}

OnnxNetValue read_not(OnnxNetReader& net, const OnnxNode& node) {
  OnnxNetValue x = net.numbers(node, 0);
  x.slot = negated(net, x.slot);
  return x;
}

template <Combination kWith>
OnnxNetValue read_both(OnnxNetReader& net, const OnnxNode& node) {
  OnnxNetValue x = net.numbers(node, 0);
  const OnnxNetValue& y = net.numbers(node, 1);
  if (x.form != y.form) net.refuse(node, "its inputs have different shapes");
  x.slot = net.with_slot(node, kWith, x.slot, y.slot);
  return x;
}

enum class Comparison { kGreater, kGreaterEqual, kLess, kLessEqual, kEqual };

Comparison turned(Comparison comparison) {
  switch (comparison) {
    case Comparison::kGreater:
      return Comparison::kLess;
    case Comparison::kGreaterEqual:
      return Comparison::kLessEqual;
    case Comparison::kLess:
      return Comparison::kGreater;
    case Comparison::kLessEqual:
      return Comparison::kGreaterEqual;
    case Comparison::kEqual:
      return comparison;
  }
  return comparison;
}

std::uint32_t compared(OnnxNetReader& net, Comparison comparison, std::uint32_t x, double with) {
  const bool is_equal = comparison == Comparison::kEqual;
  const bool is_at_most =
      comparison == Comparison::kGreaterEqual || comparison == Comparison::kLess;
  const Placing how = is_equal ? Placing::kEqual : is_at_most ? Placing::kAtMost : Placing::kBelow;
  std::uint32_t slot = net.net().place(x, how, {&with, 1});
  const bool is_above =
      comparison == Comparison::kGreater || comparison == Comparison::kGreaterEqual;
  if (!is_above) slot = negated(net, slot);
  return net.net().fill(slot, std::vector<double>(net.net().width(slot)));
}

// By their difference. That of equal infinities is NaN although neither side is.
std::uint32_t compared_slots(OnnxNetReader& net, const OnnxNode& node, Comparison comparison,
                             std::uint32_t x, std::uint32_t y) {
  const std::uint32_t apart = net.with_slot(node, Combination::kSubtract, x, y);
  const std::uint32_t answer = compared(net, comparison, apart, 0);
  if (comparison == Comparison::kGreater || comparison == Comparison::kLess) return answer;
  const std::uint32_t lost =
      net.with_slot(node, Combination::kMax, net.net().missing(x), net.net().missing(y));
  const std::uint32_t same =
      net.with_slot(node, Combination::kSubtract, net.net().missing(apart), lost);
  return net.with_slot(node, Combination::kAdd, answer, same);
}

template <Comparison kComparison>
OnnxNetValue read_comparison(OnnxNetReader& net, const OnnxNode& node) {
  const OnnxTensor* right = net.constant(node, 1);
  const OnnxTensor* left = net.constant(node, 0);
  if (left != nullptr && right != nullptr) net.refuse(node, "all its inputs are constants");
  OnnxNetValue made = net.numbers(node, left == nullptr ? 0 : 1);
  made.type = OnnxType::kBool;
  if (left == nullptr && right == nullptr) {
    const OnnxNetValue& other = net.numbers(node, 1);
    if (made.form != other.form) net.refuse(node, "its inputs have different shapes");
    made.slot = compared_slots(net, node, kComparison, made.slot, other.slot);
    return made;
  }
  const OnnxTensor& tensor = left == nullptr ? *right : *left;
  const Comparison comparison = left == nullptr ? kComparison : turned(kComparison);
  if (tensor.numbers.size() == 1 && !std::isnan(tensor.numbers.front())) {
    made.slot = compared(net, comparison, made.slot, tensor.numbers.front());
    return made;
  }
  if (made.form != OnnxForm::kMatrix) net.refuse(node, "its inputs have different shapes");
  const bool is_finite =
      std::ranges::all_of(tensor.numbers, [](double number) { return std::isfinite(number); });
  if (!is_finite) {
    const std::uint32_t zero = net.filled(made.slot, kZero);
    const std::uint32_t constant = net.with_constant(node, Combination::kAdd, zero, tensor);
    made.slot = compared_slots(net, node, comparison, made.slot, constant);
    return made;
  }
  made.slot = compared(net, comparison,
                       net.with_constant(node, Combination::kSubtract, made.slot, tensor), 0);
  return made;
}

// What `x` has where `chosen` is 0, the constant where it is 1.
std::uint32_t chosen_of(OnnxNetReader& net, const OnnxNode& node, std::uint32_t chosen,
                        std::uint32_t x, const OnnxTensor& constant) {
  constexpr std::array kHole = {0.0, std::numeric_limits<double>::quiet_NaN()};
  if (constant.numbers.size() != 1) net.refuse(node, "a constant of one number is known");
  const std::uint32_t holes = net.net().look_up(chosen, kHole, 1);
  const std::uint32_t open = net.with_slot(node, Combination::kAdd, x, holes);
  const std::vector<double> values(net.net().width(open), constant.numbers.front());
  const std::uint32_t filled = net.net().fill(open, values);
  // Where x itself is NaN and was not replaced it still is.
  const std::uint32_t lost =
      net.with_slot(node, Combination::kMin, net.net().missing(x), negated(net, chosen));
  return net.with_slot(node, Combination::kAdd, filled, net.net().look_up(lost, kHole, 1));
}

OnnxNetValue read_where(OnnxNetReader& net, const OnnxNode& node) {
  OnnxNetValue made = net.numbers(node, 0);
  const OnnxTensor* yes = net.constant(node, 1);
  const OnnxTensor* no = net.constant(node, 2);
  if (yes == nullptr && no == nullptr) net.refuse(node, "one of its choices must be a constant");
  if (yes != nullptr && no != nullptr) {
    if (yes->numbers.size() != 1 || no->numbers.size() != 1) {
      net.refuse(node, "constants of one number are known");
    }
    const std::array table = {no->numbers.front(), yes->numbers.front()};
    made.slot =
        net.net().convert(net.net().look_up(made.slot, table, 1),
                          yes->type == OnnxType::kFloat ? NumberKind::kFloat : NumberKind::kDouble);
    made.type = yes->type;
    return made;
  }
  const OnnxNetValue& x = net.numbers(node, yes == nullptr ? 1 : 2);
  if (x.form != made.form) net.refuse(node, "its inputs have different shapes");
  const NumberKind number = net.net().number_of(x.slot);
  const std::uint32_t condition = net.net().convert(made.slot, number);
  made.slot = chosen_of(net, node, yes == nullptr ? negated(net, condition) : condition, x.slot,
                        yes == nullptr ? *no : *yes);
  made.type = x.type;
  return made;
}

constexpr OnnxNetOperator kRows[] = {{"IsNaN", read_is_nan},
                                     {"Not", read_not},
                                     {"And", read_both<Combination::kMin>},
                                     {"Or", read_both<Combination::kMax>},
                                     {"Greater", read_comparison<Comparison::kGreater>},
                                     {"GreaterOrEqual", read_comparison<Comparison::kGreaterEqual>},
                                     {"Less", read_comparison<Comparison::kLess>},
                                     {"LessOrEqual", read_comparison<Comparison::kLessEqual>},
                                     {"Equal", read_comparison<Comparison::kEqual>},
                                     {"Where", read_where}};

}  // namespace

std::span<const OnnxNetOperator> onnx_net_conditions() noexcept { return kRows; }

}  // namespace kedge

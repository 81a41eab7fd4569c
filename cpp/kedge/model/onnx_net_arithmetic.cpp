// Number by number: slots with slots, and with constants.
#include <algorithm>
#include <array>
#include <optional>

#include "kedge/model/onnx_net_operators.h"

namespace kedge {
namespace {

bool is_symmetric(Combination with) {
  return with != Combination::kSubtract && with != Combination::kDivide;
}

OnnxNetValue like(const OnnxNetValue& value, std::uint32_t slot) {
  return {.slot = slot, .type = value.type, .form = value.form};
}

void expect_form(const OnnxNode& node, const OnnxNetValue& x, const OnnxTensor& tensor) {
  const std::size_t most = x.form == OnnxForm::kFlat ? 1 : 2;
  if (tensor.shape.size() > most || tensor.numbers.empty() ||
      (most == 1 && tensor.numbers.size() != 1)) {
    OnnxNetReader::refuse(node, "its constant has another shape than its rows");
  }
}

OnnxNetValue combine(OnnxNetReader& net, const OnnxNode& node, Combination with,
                     const OnnxNetValue& left, const OnnxNetValue& right) {
  if (left.form != right.form) net.refuse(node, "its inputs have different shapes");
  return like(left, net.with_slot(node, with, left.slot, right.slot));
}

template <Combination kWith>
OnnxNetValue read_binary(OnnxNetReader& net, const OnnxNode& node) {
  const OnnxTensor* right = net.constant(node, 1);
  const OnnxTensor* left = net.constant(node, 0);
  if (left == nullptr && right == nullptr) {
    const OnnxNetValue& x = net.numbers(node, 0);
    if (kWith == Combination::kDivide && is_whole(x.type)) net.refuse(node, "it divides integers");
    return combine(net, node, kWith, x, net.numbers(node, 1));
  }
  if (left != nullptr && right != nullptr) net.refuse(node, "all its inputs are constants");
  const OnnxNetValue& x = net.numbers(node, left == nullptr ? 0 : 1);
  const OnnxTensor& tensor = left == nullptr ? *right : *left;
  expect_form(node, x, tensor);
  if (kWith == Combination::kDivide && is_whole(x.type)) net.refuse(node, "it divides integers");
  if (left == nullptr || is_symmetric(kWith)) {
    return like(x, net.with_constant(node, kWith, x.slot, tensor));
  }
  const std::uint32_t first = net.filled(x.slot, tensor.numbers);
  return like(x, net.with_slot(node, kWith, first, x.slot));
}

// Of any number of inputs. Slots first, whatever the order: a constant wants one to be combined
// with.
template <Combination kWith>
OnnxNetValue read_fold(OnnxNetReader& net, const OnnxNode& node) {
  std::optional<OnnxNetValue> all;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    if (net.constant(node, i) != nullptr) continue;
    const OnnxNetValue& next = net.numbers(node, i);
    all = all ? combine(net, node, kWith, *all, next) : next;
  }
  if (!all) net.refuse(node, "all its inputs are constants");
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const OnnxTensor* tensor = net.constant(node, i);
    if (tensor == nullptr) continue;
    expect_form(node, *all, *tensor);
    all->slot = net.with_constant(node, kWith, all->slot, *tensor);
  }
  return *all;
}

OnnxNetValue read_reciprocal(OnnxNetReader& net, const OnnxNode& node) {
  const OnnxNetValue& x = net.numbers(node, 0);
  constexpr std::array kOne = {1.0};
  const std::uint32_t ones = net.filled(x.slot, kOne);
  return like(x, net.with_slot(node, Combination::kDivide, ones, x.slot));
}

OnnxNetValue read_power(OnnxNetReader& net, const OnnxNode& node) {
  const OnnxNetValue& x = net.numbers(node, 0);
  const OnnxTensor& exponent = net.wanted(node, 1);
  if (exponent.numbers.size() != 1 || exponent.numbers.front() != 2) {
    net.refuse(node, "an exponent of 2 is known");
  }
  return like(x, net.net().combine(Combination::kMultiply, x.slot, x.slot));
}

// A matrix times a column gives a number for each row.
OnnxNetValue read_product(OnnxNetReader& net, const OnnxNode& node) {
  OnnxTensor matrix = net.wanted(node, 1);
  const bool is_column = matrix.shape.size() == 1;
  if (is_column) matrix.shape.push_back(1);
  OnnxNetValue made = like(net.numbers(node, 0), net.read_matrix(node, matrix, false, {}));
  if (is_column) made.form = OnnxForm::kFlat;
  return made;
}

constexpr OnnxNetOperator kRows[] = {{"Add", read_binary<Combination::kAdd>},
                                     {"Sub", read_binary<Combination::kSubtract>},
                                     {"Mul", read_binary<Combination::kMultiply>},
                                     {"Div", read_binary<Combination::kDivide>},
                                     {"Sum", read_fold<Combination::kAdd>},
                                     {"Max", read_fold<Combination::kMax>},
                                     {"Min", read_fold<Combination::kMin>},
                                     {"Reciprocal", read_reciprocal},
                                     {"Pow", read_power},
                                     {"MatMul", read_product}};

}  // namespace

std::span<const OnnxNetOperator> onnx_net_arithmetic() noexcept { return kRows; }

std::uint32_t OnnxNetReader::repeated(std::uint32_t slot, std::size_t times) {
  return net_.select(slot, std::vector<std::uint32_t>(times));
}

std::uint32_t OnnxNetReader::filled(std::uint32_t like, std::span<const double> numbers) {
  const bool is_one = std::ranges::count(numbers, numbers.front()) == std::ssize(numbers);
  const std::vector<std::uint32_t> columns(numbers.size(), kNoColumn);
  const std::uint32_t slot = net_.select(like, columns, is_one ? numbers.front() : 0.0);
  return is_one ? slot : net_.combine(Combination::kAdd, slot, numbers);
}

std::uint32_t OnnxNetReader::with_constant(const OnnxNode& node, Combination with, std::uint32_t x,
                                           const OnnxTensor& tensor) {
  const std::size_t count = tensor.numbers.size();
  if (count == 1) return net_.combine(with, x, tensor.numbers);
  if (tensor.shape.empty() || tensor.shape.back() != static_cast<std::int64_t>(count) ||
      (net_.width(x) != count && net_.width(x) != 1) || count == 0) {
    refuse(node, "a constant of ", count, " for ", net_.width(x), " columns");
  }
  return net_.combine(with, net_.width(x) == count ? x : repeated(x, count), tensor.numbers);
}

std::uint32_t OnnxNetReader::with_slot(const OnnxNode& node, Combination with, std::uint32_t left,
                                       std::uint32_t right) {
  if (net_.number_of(left) != net_.number_of(right)) {  // of truth values, which both kinds hold
    left = net_.convert(left, NumberKind::kDouble);
    right = net_.convert(right, NumberKind::kDouble);
  }
  if (net_.width(left) == 1 && net_.width(right) != 1) {
    if (is_symmetric(with)) return net_.combine(with, right, left);
    left = repeated(left, net_.width(right));
  }
  if (net_.width(right) != 1 && net_.width(right) != net_.width(left)) {
    refuse(node, net_.width(left), " and ", net_.width(right), " columns");
  }
  return net_.combine(with, left, right);
}

}  // namespace kedge

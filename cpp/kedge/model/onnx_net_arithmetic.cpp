// Number by number: slots with slots, and with constants.
#include <algorithm>
#include <array>
#include <optional>

#include "kedge/model/onnx_net_bytes.h"
#include "kedge/model/onnx_net_operators.h"

namespace kedge {
namespace {

bool is_symmetric(Combination with) {
  return with != Combination::kSubtract && with != Combination::kDivide;
}

using Sizes = std::vector<std::uint32_t>;

OnnxNetValue like(const OnnxNetValue& value, std::uint32_t slot) {
  OnnxNetValue made{.slot = slot, .type = value.type, .form = value.form};
  made.sizes = value.sizes;
  return made;
}

// The larger of each size; those that differ are told when they are spread.
Sizes wider(const Sizes& left, const Sizes& right) {
  Sizes made = left.size() < right.size() ? right : left;
  const Sizes& other = left.size() < right.size() ? left : right;
  for (std::size_t i = 0; i < other.size(); ++i) {
    std::uint32_t& size = made[made.size() - other.size() + i];
    size = std::max(size, other[i]);
  }
  return made;
}

std::uint32_t spread_slot(OnnxNetReader& net, const OnnxNode& node, std::uint32_t slot,
                          const Sizes& from, const Sizes& to) {
  if (from == to) return slot;
  return net.net().select(slot, net.spread(node, from, to));
}

template <Combination kWith>
OnnxNetValue read_binary(OnnxNetReader& net, const OnnxNode& node) {
  const OnnxTensor* right = net.constant(node, 1);
  const OnnxTensor* left = net.constant(node, 0);
  if (left == nullptr && right == nullptr) {
    const OnnxNetValue& x = net.tensor(node, 0);
    if (kWith == Combination::kDivide && is_whole(x.type)) net.refuse(node, "it divides integers");
    return net.combined(node, kWith, x, net.tensor(node, 1));
  }
  if (left != nullptr && right != nullptr) net.refuse(node, "all its inputs are constants");
  const OnnxNetValue& x = net.tensor(node, left == nullptr ? 0 : 1);
  if (kWith == Combination::kDivide && is_whole(x.type)) net.refuse(node, "it divides integers");
  return net.with_tensor(node, kWith, x, left == nullptr ? *right : *left, left != nullptr);
}

// Of any number of inputs. Slots first, whatever the order: a constant wants one to be combined
// with.
template <Combination kWith>
OnnxNetValue read_fold(OnnxNetReader& net, const OnnxNode& node) {
  std::optional<OnnxNetValue> all;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    if (net.constant(node, i) != nullptr) continue;
    const OnnxNetValue& next = net.tensor(node, i);
    all = all ? net.combined(node, kWith, *all, next) : next;
  }
  if (!all) net.refuse(node, "all its inputs are constants");
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const OnnxTensor* tensor = net.constant(node, i);
    if (tensor == nullptr) continue;
    all = net.with_tensor(node, kWith, *all, *tensor, false);
  }
  return *all;
}

OnnxNetValue read_reciprocal(OnnxNetReader& net, const OnnxNode& node) {
  const OnnxNetValue& x = net.tensor(node, 0);
  constexpr std::array kOne = {1.0};
  const std::uint32_t ones = net.filled(x.slot, kOne);
  return like(x, net.with_slot(node, Combination::kDivide, ones, x.slot));
}

OnnxNetValue read_power(OnnxNetReader& net, const OnnxNode& node) {
  const OnnxNetValue& x = net.tensor(node, 0);
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
  const OnnxNetValue& x = net.tensor(node, 0);
  const auto sums = product_of_bytes(net, node);
  OnnxNetValue made = like(x, sums ? *sums : net.read_matrix(node, matrix, false, {}));
  Sizes sizes = sizes_of(x, net.net().width(x.slot));
  sizes.back() = static_cast<std::uint32_t>(matrix.shape[1]);
  if (is_column) sizes.pop_back();
  set_sizes(made, std::move(sizes));
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

OnnxNetValue OnnxNetReader::with_tensor(const OnnxNode& node, Combination with,
                                        const OnnxNetValue& x, const OnnxTensor& tensor,
                                        bool is_left) {
  const Sizes from = sizes_of(x, net_.width(x.slot));
  Sizes sizes;
  for (const std::int64_t size : tensor.shape) sizes.push_back(static_cast<std::uint32_t>(size));
  const bool is_scalar = x.form == OnnxForm::kScalar;
  const std::size_t most = is_scalar ? 1 : from.size();  // more would be sizes of rows
  if (sizes.size() > most && sizes.front() == 1) sizes.erase(sizes.begin());
  const bool is_one = tensor.numbers.size() == 1;
  if ((sizes.size() > from.size() && !is_scalar) || tensor.numbers.empty()) {
    refuse(node, "its constant has another shape than its rows");
  }
  const Sizes to = wider(from, sizes);
  OnnxNetValue made = like(x, x.slot);
  std::vector<double> numbers = tensor.numbers;
  if (!is_one) {
    made.slot = spread_slot(*this, node, x.slot, from, to);
    numbers.clear();
    for (const std::uint32_t place : spread(node, sizes, to)) {
      numbers.push_back(tensor.numbers[place]);
    }
    if (x.form != OnnxForm::kFlat) set_sizes(made, to);
  }
  if (!is_left || is_symmetric(with)) {
    made.slot = net_.combine(with, made.slot, numbers);
  } else {
    made.slot = with_slot(node, with, filled(made.slot, numbers), made.slot);
  }
  return made;
}

OnnxNetValue OnnxNetReader::combined(const OnnxNode& node, Combination with,
                                     const OnnxNetValue& left, const OnnxNetValue& right) {
  const Sizes from = sizes_of(left, net_.width(left.slot));
  const Sizes other = sizes_of(right, net_.width(right.slot));
  const bool has_scalar = left.form == OnnxForm::kScalar || right.form == OnnxForm::kScalar;
  if (from.size() != other.size() && !has_scalar) {
    refuse(node, "its inputs have different shapes");
  }
  OnnxNetValue made = left.form == OnnxForm::kScalar ? like(right, 0) : like(left, 0);
  const Sizes to = wider(from, other);
  if (!to.empty()) set_sizes(made, to);
  if (from == other || from.size() < 2) {  // of one number and many, too
    made.slot = with_slot(node, with, left.slot, right.slot);
  } else {
    made.slot = net_.combine(with, spread_slot(*this, node, left.slot, from, to),
                             spread_slot(*this, node, right.slot, other, to));
  }
  return made;
}

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

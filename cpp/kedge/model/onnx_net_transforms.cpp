// Transforms of ai.onnx.ml on numbers.
#include <array>
#include <cmath>
#include <limits>

#include "kedge/model/onnx_net_operators.h"

namespace kedge {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// One number for all columns, or one for each.
OnnxTensor by_column(OnnxNetReader& net, const OnnxNode& node, std::string_view name,
                     std::uint32_t x) {
  const OnnxAttribute* attribute = node.find(name);
  OnnxTensor read;
  if (attribute != nullptr) {
    read.numbers.assign(attribute->floats.begin(), attribute->floats.end());
    for (const std::int64_t integer : attribute->integers) {
      read.numbers.push_back(static_cast<double>(integer));
    }
  }
  const std::size_t count = read.numbers.size();
  if (count != 1 && count != net.net().width(x)) {
    net.refuse(node, "\"", name, "\" has ", count, " numbers for ", net.net().width(x), " columns");
  }
  read.shape = {static_cast<std::int64_t>(count)};
  return read;
}

OnnxNetValue read_scaler(OnnxNetReader& net, const OnnxNode& node) {
  std::uint32_t x = net.floats(node, 0);
  const OnnxTensor offset = by_column(net, node, "offset", x);
  const OnnxTensor scale = by_column(net, node, "scale", x);
  x = net.with_constant(node, Combination::kSubtract, x, offset);
  return {.slot = net.with_constant(node, Combination::kMultiply, x, scale)};
}

std::uint32_t filled(OnnxNetReader& net, std::uint32_t x, std::vector<double> values) {
  values.resize(net.net().width(x), values.front());
  return net.net().fill(x, values);
}

// The runtime divides by the largest number, not by the largest size, and passes NaN over.
std::uint32_t by_largest(OnnxNetReader& net, const OnnxNode& node, std::uint32_t x) {
  constexpr std::array kZero = {0.0};
  constexpr std::array kOneForZero = {1.0, 0.0};
  constexpr double kLeast = std::numeric_limits<float>::lowest();
  const std::uint32_t most = net.net().reduce(filled(net, x, {kLeast}), Reduction::kMax);
  const std::uint32_t is_other = net.net().place(most, Placing::kEqual, kZero);
  const std::uint32_t more = net.net().look_up(is_other, kOneForZero, 1);
  return net.with_slot(node, Combination::kDivide, x,
                       net.net().combine(Combination::kAdd, most, more));
}

OnnxNetValue read_normalizer(OnnxNetReader& net, const OnnxNode& node) {
  const std::uint32_t x = net.floats(node, 0);
  const std::string_view norm = node.text("norm", "MAX");
  if (norm == "L1") return {.slot = net.net().normalize(x, Norm::kSizes)};
  if (norm == "L2") return {.slot = net.net().normalize(x, Norm::kSquares)};
  if (norm != "MAX") net.refuse(node, "norm ", norm);
  return {.slot = by_largest(net, node, x)};
}

// NaN, which the runtime refuses, stays.
OnnxNetValue read_binarizer(OnnxNetReader& net, const OnnxNode& node) {
  const double threshold = node.real("threshold", 0);
  if (std::isnan(threshold)) net.refuse(node, "its threshold is no number");
  return {.slot = net.net().place(net.floats(node, 0), Placing::kBelow, {&threshold, 1})};
}

// NaN where x is `number`.
std::uint32_t holes_at(OnnxNetReader& net, const OnnxNode& node, std::uint32_t x, double number) {
  constexpr std::array kHole = {kNan, 0.0};
  const std::uint32_t places = net.net().place(x, Placing::kEqual, {&number, 1});
  return net.with_slot(node, Combination::kAdd, x, net.net().look_up(places, kHole, 1));
}

// Integers are never NaN: where a row has none, it is as if it had what the node replaces.
OnnxNetValue read_imputer(OnnxNetReader& net, const OnnxNode& node) {
  OnnxNetValue made = net.numbers(node, 0);
  if (made.form != OnnxForm::kMatrix) net.refuse(node, "its input is no matrix");
  if (is_whole(made.type)) {
    const std::vector<double> values =
        by_column(net, node, "imputed_value_int64s", made.slot).numbers;
    const auto replaced = static_cast<double>(node.integer("replaced_value_int64", 0));
    made.slot = filled(net, holes_at(net, node, made.slot, replaced), values);
    return made;
  }
  const std::vector<double> values =
      by_column(net, node, "imputed_value_floats", made.slot).numbers;
  const double replaced = node.real("replaced_value_float", 0);
  if (std::isnan(replaced)) {
    made.slot = filled(net, made.slot, values);
    return made;
  }
  constexpr std::array kHole = {0.0, kNan};
  const std::uint32_t holes = net.net().look_up(net.net().missing(made.slot), kHole, 1);
  const std::uint32_t x = filled(net, holes_at(net, node, made.slot, replaced), values);
  made.slot = net.with_slot(node, Combination::kAdd, x, holes);
  return made;
}

constexpr OnnxNetOperator kRows[] = {{"Scaler", read_scaler},
                                     {"Normalizer", read_normalizer},
                                     {"Binarizer", read_binarizer},
                                     {"Imputer", read_imputer}};

}  // namespace

std::span<const OnnxNetOperator> onnx_net_transforms() noexcept { return kRows; }

}  // namespace kedge

// Linear models and trees of ai.onnx.ml. Of two classes there are always two scores.
#include <algorithm>
#include <array>

#include "kedge/model/onnx.h"
#include "kedge/model/onnx_net_operators.h"

namespace kedge {
namespace {

constexpr std::array kOne = {1.0};

// x times coefficients that the node lists target by target: those from `first` on.
std::uint32_t read_product(OnnxNetReader& net, const OnnxNode& node, std::size_t targets,
                           std::size_t first = 0) {
  const std::uint32_t x = net.floats(node, 0);
  const std::vector<double> coefficients = node.numbers("coefficients");
  std::vector<double> bias = node.numbers("intercepts");
  const std::size_t width = net.net().width(x);
  if (coefficients.size() != targets * width || targets == 0) {
    net.refuse(node, coefficients.size(), " coefficients for ", targets, " targets of ", width,
               " columns");
  }
  if (bias.size() != targets && !bias.empty()) {
    net.refuse(node, bias.size(), " intercepts for ", targets, " targets");
  }
  const std::size_t kept = targets - first;
  std::vector<double> turned(kept * width);
  for (std::size_t j = 0; j < width; ++j) {
    for (std::size_t k = 0; k < kept; ++k) {
      turned[j * kept + k] = coefficients[(first + k) * width + j];
    }
  }
  if (!bias.empty()) bias.erase(bias.begin(), bias.begin() + static_cast<std::ptrdiff_t>(first));
  return net.net().affine(x, kept, turned, bias);
}

OnnxNetValue read_regressor(OnnxNetReader& net, const OnnxNode& node) {
  const std::string_view transform = node.text("post_transform", "NONE");
  if (transform != "NONE") net.refuse(node, "post transform ", transform);
  const std::int64_t targets = node.integer("targets", 1);
  if (targets < 1 || targets > kMostOutputs) net.refuse(node, targets, " targets");
  return {.slot = read_product(net, node, static_cast<std::size_t>(targets))};
}

// One score of two classes is the second's; the first gets the rest.
std::uint32_t with_first_class(OnnxNetReader& net, std::uint32_t second, bool is_rest) {
  std::uint32_t first = net.net().activate(second, Activation::kNegate);
  if (is_rest) first = net.net().combine(Combination::kAdd, first, kOne);
  const std::uint32_t both[] = {first, second};
  return net.net().concat(both);
}

OnnxNetValue read_classifier(OnnxNetReader& net, const OnnxNode& node) {
  const std::size_t classes =
      std::max(node.texts("classlabels_strings").size(), node.integers("classlabels_ints").size());
  const std::size_t width = std::max<std::size_t>(net.net().width(net.floats(node, 0)), 1);
  const std::size_t rows = node.numbers("coefficients").size() / width;
  const bool is_single = classes == 2 && rows == 1;
  const std::string_view transform = node.text("post_transform", "NONE");
  const bool is_second = classes == 2 && net.wants_second(node) && transform != "SOFTMAX";
  const std::uint32_t scores =
      read_product(net, node, is_single ? 1 : classes, is_second && !is_single ? 1 : 0);
  if (transform == "NONE") {
    return {.slot = is_single && !is_second ? with_first_class(net, scores, true) : scores};
  }
  if (transform == "LOGISTIC") {
    const std::uint32_t shares = net.net().activate(scores, Activation::kSigmoid);
    return {.slot = is_single && !is_second ? with_first_class(net, shares, true) : shares};
  }
  if (transform != "SOFTMAX" || is_single) net.refuse(node, "post transform ", transform);
  return {.slot = net.net().softmax(scores)};
}

bool has_negative(const Forest& forest) {
  return std::ranges::any_of(forest.trees, [](const Tree& tree) {
    return std::ranges::any_of(tree.leaves, [](double leaf) { return leaf < 0; });
  });
}

OnnxNetValue read_trees(OnnxNetReader& net, const OnnxNode& node) {
  if (net.forest()) net.refuse(node, "a second tree operator");
  OnnxNetValue made = net.numbers(node, 0);
  const std::uint32_t x = net.slot(node, 0);
  const auto columns = static_cast<std::int64_t>(net.net().width(x));
  // Integers are compared as floats, as they would be at the graph's input.
  const OnnxType types[] = {made.type == OnnxType::kBool ? OnnxType::kInt64 : made.type};
  Forest& forest = net.forest().emplace(read_onnx_forest(node, types, columns));
  forest.origin = text("ONNX of ", net.producer());
  const NumberKind number = forest.sums_float32 ? NumberKind::kFloat : NumberKind::kDouble;
  made.slot = net.net().link(net.net().trees(x, forest.outputs, number));
  const bool is_double = node.operation == "TreeEnsemble" && made.type == OnnxType::kDouble;
  made.type = is_double ? OnnxType::kDouble : OnnxType::kFloat;
  if (!is_double) made.slot = net.net().convert(made.slot, NumberKind::kFloat);
  const std::size_t classes = std::max(node.texts("classlabels_strings").size(),
                                       node.integers("classlabels_int64s").size());
  if (classes == 2 && forest.outputs == 1) {
    const bool is_rest = forest.link == Link::kSigmoid || !has_negative(forest);
    made.slot = with_first_class(net, made.slot, is_rest);
  }
  return made;
}

constexpr OnnxNetOperator kRows[] = {{"LinearRegressor", read_regressor},
                                     {"LinearClassifier", read_classifier, 1},
                                     {"TreeEnsembleClassifier", read_trees, 1},
                                     {"TreeEnsembleRegressor", read_trees},
                                     {"TreeEnsemble", read_trees}};

}  // namespace

std::span<const OnnxNetOperator> onnx_net_estimators() noexcept { return kRows; }

}  // namespace kedge

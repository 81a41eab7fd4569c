#include "kedge/model/onnx_net_operators.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace kedge {
namespace {

std::optional<double> folded(std::string_view operation, double x) {
  if (operation == "Sqrt") return std::sqrt(x);
  if (operation == "Neg") return -x;
  if (operation == "Abs") return std::fabs(x);
  if (operation == "Reciprocal") return 1 / x;
  return std::nullopt;
}

bool is_kept(std::string_view operation) { return operation == "Identity" || operation == "Cast"; }

}  // namespace

const OnnxNetOperator* find_onnx_net_operator(std::string_view name) noexcept {
  for (const auto rows : {onnx_net_arithmetic(), onnx_net_conditions(), onnx_net_columns(),
                          onnx_net_transforms(), onnx_net_encoders(), onnx_net_estimators()}) {
    const auto found = std::ranges::find(rows, name, &OnnxNetOperator::name);
    if (found != rows.end()) return &*found;
  }
  return nullptr;
}

bool fold_onnx_constant(OnnxNetReader& net, const OnnxNode& node) {
  const OnnxTensor* tensor = node.inputs.size() == 1 ? net.constant(node, 0) : nullptr;
  if (tensor == nullptr) return false;
  OnnxTensor made = *tensor;
  if (node.operation == "Cast") made.type = static_cast<OnnxType>(node.integer("to", 0));
  for (double& number : made.numbers) {
    if (is_kept(node.operation)) {
      if (is_whole(made.type)) number = std::trunc(number);
    } else if (const std::optional<double> x = folded(node.operation, number)) {
      number = *x;
    } else {
      return false;
    }
    if (made.type == OnnxType::kFloat) number = static_cast<float>(number);
  }
  net.set_constant(node, std::move(made));
  return true;
}

}  // namespace kedge

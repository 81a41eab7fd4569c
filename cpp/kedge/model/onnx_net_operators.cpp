#include "kedge/model/onnx_net_operators.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "kedge/model/onnx_net_bytes.h"

namespace kedge {
namespace {

std::optional<double> folded(std::string_view operation, double x) {
  if (operation == "Sqrt") return std::sqrt(x);
  if (operation == "Neg") return -x;
  if (operation == "Abs") return std::fabs(x);
  if (operation == "Reciprocal") return 1 / x;
  return std::nullopt;
}

// A constant in another shape.
bool fold_shape(OnnxNetReader& net, const OnnxNode& node) {
  const OnnxTensor* tensor = net.constant(node, 0);
  if (tensor == nullptr || node.operation != "Reshape") return false;
  OnnxTensor made = *tensor;
  made.shape = net.integers_of(node, net.wanted(node, 1));
  std::int64_t known = 1;
  const auto count = std::ssize(made.numbers);
  for (const std::int64_t size : made.shape) {
    if (size == 0 || size < -1 || size > count) net.refuse(node, "a size of ", size);
    if (size > 0 && known <= count) known *= size;
  }
  const auto open = std::ranges::find(made.shape, -1);
  if (open != made.shape.end() && known <= count) {
    *open = count / known;
    known *= *open;
  }
  if (known != count || std::ranges::find(made.shape, -1) != made.shape.end()) {
    net.refuse(node, "it does not keep ", count, " numbers");
  }
  net.set_constant(node, std::move(made));
  return true;
}

bool is_kept(std::string_view operation) { return operation == "Identity" || operation == "Cast"; }

}  // namespace

const OnnxNetOperator* find_onnx_net_operator(std::string_view name) noexcept {
  for (const auto rows :
       {onnx_net_arithmetic(), onnx_net_conditions(), onnx_net_columns(), onnx_net_shapes(),
        onnx_net_windows(), onnx_net_bytes(), onnx_net_byte_layers(), onnx_net_transforms(),
        onnx_net_encoders(), onnx_net_estimators()}) {
    const auto found = std::ranges::find(rows, name, &OnnxNetOperator::name);
    if (found != rows.end()) return &*found;
  }
  return nullptr;
}

bool fold_onnx_constant(OnnxNetReader& net, const OnnxNode& node) {
  if (fold_shape(net, node) || fold_dequantized(net, node)) return true;
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

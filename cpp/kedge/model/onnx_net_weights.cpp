// Whole constants of an ONNX net as layers.
#include <cmath>
#include <utility>

#include "kedge/model/onnx_net_bytes.h"

namespace kedge {
namespace {

bool is_byte(OnnxType type) { return type == OnnxType::kUint8 || type == OnnxType::kInt8; }

// Integers of the bias in the sums' own scales; false when it was made of other ones.
bool take_whole(const OnnxWholeConstant& bias, float scale, OnnxWholeLayer& layer) {
  constexpr float kNear = 1e-5F;
  if (bias.whole.type != OnnxType::kInt32 || bias.whole.numbers.size() != layer.outputs) {
    return false;
  }
  std::vector<std::int64_t> starts;
  for (std::size_t k = 0; k < layer.outputs; ++k) {
    const float wanted = scale * layer.scales[k];
    const float found = bias.scales[bias.scales.size() == 1 ? 0 : k % bias.scales.size()];
    if (bias.zeros.front() != 0 || std::abs(found - wanted) > kNear * wanted) return false;
    starts.push_back(static_cast<std::int64_t>(bias.whole.numbers[k]));
  }
  layer.bias = std::move(starts);
  return true;
}

}  // namespace

std::optional<OnnxWholeLayer> matrix_of(const OnnxWholeConstant& constant, bool transposed) {
  const std::vector<std::int64_t>& shape = constant.whole.shape;
  if (shape.size() != 2 || !is_byte(constant.whole.type)) return std::nullopt;
  const auto outputs = static_cast<std::size_t>(shape[transposed ? 0 : 1]);
  const auto inputs = static_cast<std::size_t>(shape[transposed ? 1 : 0]);
  const std::int64_t axis = constant.axis < 0 ? constant.axis + 2 : constant.axis;
  const bool is_one = constant.scales.size() == 1;
  if (inputs == 0 || outputs == 0) return std::nullopt;
  if (!is_one && (axis != (transposed ? 0 : 1) || constant.scales.size() != outputs)) {
    return std::nullopt;
  }
  OnnxWholeLayer made{.outputs = outputs};
  made.weights.reserve(inputs * outputs);
  for (std::size_t j = 0; j < inputs; ++j) {
    for (std::size_t k = 0; k < outputs; ++k) {
      const double weight = constant.whole.numbers[transposed ? k * inputs + j : j * outputs + k];
      made.weights.push_back(static_cast<std::int32_t>(weight) - constant.zeros[is_one ? 0 : k]);
    }
  }
  for (std::size_t k = 0; k < outputs; ++k) made.scales.push_back(constant.scales[is_one ? 0 : k]);
  return made;
}

std::optional<OnnxWholeLayer> kernel_of(const OnnxWholeConstant& constant, std::size_t groups) {
  const std::vector<std::int64_t>& shape = constant.whole.shape;
  if (shape.empty() || shape[0] == 0 || !is_byte(constant.whole.type)) return std::nullopt;
  const auto outputs = static_cast<std::size_t>(shape[0]);
  const std::size_t inputs = constant.whole.numbers.size() / outputs;  // of a group
  const bool is_one = constant.scales.size() == 1;
  if (!is_one && (constant.axis != 0 || constant.scales.size() != outputs)) return std::nullopt;
  constexpr std::size_t kMostWeights = 1 << 24;  // what groups spread must not be out of hand
  if (inputs == 0 || groups > kMostWeights / constant.whole.numbers.size()) return std::nullopt;
  OnnxWholeLayer made{.outputs = outputs};
  made.weights.resize(inputs * groups * outputs);
  for (std::size_t k = 0; k < outputs; ++k) {
    const std::size_t first = k / (outputs / groups) * inputs;
    for (std::size_t j = 0; j < inputs; ++j) {
      made.weights[(first + j) * outputs + k] =
          static_cast<std::int32_t>(constant.whole.numbers[k * inputs + j]) -
          constant.zeros[is_one ? 0 : k];
    }
    made.scales.push_back(constant.scales[is_one ? 0 : k]);
  }
  return made;
}

bool take_bias(const OnnxNetReader& net, const OnnxNode& node, std::size_t i, float scale,
               OnnxWholeLayer& layer, std::vector<float>& offsets) {
  if (i >= node.inputs.size() || node.inputs[i].empty()) return true;
  const OnnxWholeConstant* whole = whole_constant(net, node, i);
  if (whole != nullptr && take_whole(*whole, scale, layer)) return true;
  const OnnxTensor* floats = net.constant(node, i);
  if (floats == nullptr || floats->numbers.size() != layer.outputs) return false;
  for (const double number : floats->numbers) offsets.push_back(static_cast<float>(number));
  return true;
}

const OnnxWholeConstant* whole_constant(const OnnxNetReader& net, const OnnxNode& node,
                                        std::size_t i) {
  if (i >= node.inputs.size()) return nullptr;
  const auto found = net.bytes().constants.find(node.inputs[i]);
  return found == net.bytes().constants.end() ? nullptr : &found->second;
}

const OnnxByteSlot* known_bytes(OnnxNetReader& net, std::uint32_t slot) {
  const auto found = net.bytes().slots.find(slot);
  return found == net.bytes().slots.end() ? nullptr : &found->second;
}

std::optional<std::uint32_t> product_of_bytes(OnnxNetReader& net, const OnnxNode& node) {
  const OnnxNetValue& x = net.tensor(node, 0);
  const OnnxByteSlot* bytes = known_bytes(net, x.slot);
  const OnnxWholeConstant* whole = whole_constant(net, node, 1);
  if (bytes == nullptr || whole == nullptr || x.form != OnnxForm::kMatrix) return std::nullopt;
  const auto layer = matrix_of(*whole, false);
  if (!layer || layer->weights.size() != net.net().width(x.slot) * layer->outputs) {
    return std::nullopt;
  }
  auto sums = byte_sums(net, node, *bytes, *layer, {}, 1);
  if (!sums) return std::nullopt;
  return sums_slot(net, *std::move(sums), {});
}

std::optional<std::uint32_t> gemm_of_bytes(OnnxNetReader& net, const OnnxNode& node) {
  const OnnxNetValue& x = net.tensor(node, 0);
  const OnnxByteSlot* bytes = known_bytes(net, x.slot);
  const OnnxWholeConstant* whole = whole_constant(net, node, 1);
  const bool is_plain = node.real("alpha", 1) == 1 && node.real("beta", 1) == 1;
  if (bytes == nullptr || whole == nullptr || !is_plain || x.form != OnnxForm::kMatrix) {
    return std::nullopt;
  }
  auto layer = matrix_of(*whole, node.integer("transB", 0) != 0);
  if (!layer || layer->weights.size() != net.net().width(x.slot) * layer->outputs) {
    return std::nullopt;
  }
  std::vector<float> offsets;
  if (!take_bias(net, node, 2, bytes->quanta.scale, *layer, offsets)) return std::nullopt;
  auto sums = byte_sums(net, node, *bytes, *layer, {}, 1);
  if (!sums) return std::nullopt;
  return sums_slot(net, *std::move(sums), offsets);
}

}  // namespace kedge

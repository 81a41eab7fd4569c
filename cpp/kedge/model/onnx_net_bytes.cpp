#include "kedge/model/onnx_net_bytes.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "kedge/model/onnx_net_operators.h"

namespace kedge {
namespace {

bool is_byte(OnnxType type) { return type == OnnxType::kUint8 || type == OnnxType::kInt8; }
std::int32_t shift_of(OnnxType type) { return type == OnnxType::kInt8 ? 128 : 0; }

const OnnxTensor* given(const OnnxNetReader& net, const OnnxNode& node, std::size_t i) {
  const bool is_there = i < node.inputs.size() && !node.inputs[i].empty();
  return is_there ? &net.wanted(node, i) : nullptr;
}

std::vector<std::int32_t> integers(const OnnxTensor& tensor) {
  std::vector<std::int32_t> made;
  made.reserve(tensor.numbers.size());
  for (const double number : tensor.numbers) made.push_back(static_cast<std::int32_t>(number));
  return made;
}

bool is_scale(float scale) { return std::isfinite(scale) && scale > 0; }

OnnxNetValue read_quantize(OnnxNetReader& net, const OnnxNode& node) {
  OnnxNetValue made = net.tensor(node, 0);
  if (made.type != OnnxType::kFloat) net.refuse(node, "floats are wanted");
  const OnnxQuanta quanta = quanta_of(net, node, 1, 2);
  made.type = byte_type(net, node, 2);
  made.slot = quantized_slot(net, made.slot, quanta);
  return made;
}

OnnxNetValue read_dequantize(OnnxNetReader& net, const OnnxNode& node) {
  OnnxNetValue made = net.value(node, 0);
  made.slot = dequantized_slot(net, bytes_of(net, node, 0));
  made.type = OnnxType::kFloat;
  return made;
}

// The lowest number, or 0; the scale is what of 255 goes from there to the largest, or 0.
OnnxNetValue read_dynamic(OnnxNetReader& net, const OnnxNode& node) {
  const OnnxNetValue& x = net.tensor(node, 0);
  if (x.type != OnnxType::kFloat) net.refuse(node, "floats are wanted");
  if (node.outputs.size() != 3) net.refuse(node, node.outputs.size(), " outputs, 3 are wanted");
  GraphBuilder& builder = net.net();
  constexpr double kZero = 0;
  constexpr double kSteps = 255;
  OnnxRowQuanta row{.x = x.slot};
  row.lowest =
      builder.combine(Combination::kMin, builder.extreme(x.slot, Reduction::kMin), {&kZero, 1});
  const std::uint32_t largest =
      builder.combine(Combination::kMax, builder.extreme(x.slot, Reduction::kMax), {&kZero, 1});
  row.scale =
      builder.combine(Combination::kDivide,
                      builder.combine(Combination::kSubtract, largest, row.lowest), {&kSteps, 1});
  GraphStep step{.kind = StepKind::kQuantizeRow, .number = NumberKind::kByte};
  step.width = static_cast<std::uint32_t>(builder.width(x.slot));
  const std::uint32_t slots[] = {row.x, row.lowest, row.scale};
  OnnxNetValue made = x;
  made.type = OnnxType::kUint8;
  made.slot = builder.add(step, slots);
  net.bytes().rows.insert_or_assign(made.slot, row);
  net.set_value(node.outputs[1], {.slot = row.scale, .form = OnnxForm::kScalar});
  net.set_value(node.outputs[2],
                {.slot = made.slot, .type = OnnxType::kUint8, .form = OnnxForm::kScalar});
  return made;
}

constexpr OnnxNetOperator kRows[] = {{"QuantizeLinear", read_quantize},
                                     {"DequantizeLinear", read_dequantize, 0, true},
                                     {"DynamicQuantizeLinear", read_dynamic}};

}  // namespace

std::span<const OnnxNetOperator> onnx_net_bytes() noexcept { return kRows; }

OnnxType byte_type(const OnnxNetReader& net, const OnnxNode& node, std::size_t zero) {
  if (const OnnxTensor* tensor = given(net, node, zero)) return tensor->type;
  const std::int64_t type = node.integer("output_dtype", 0);
  return type == 0 ? OnnxType::kUint8 : static_cast<OnnxType>(type);
}

OnnxByteSlot bytes_of(OnnxNetReader& net, const OnnxNode& node, std::size_t i) {
  const OnnxNetValue& x = net.value(node, i);
  if (net.net().number_of(x.slot) != NumberKind::kByte) {
    net.refuse(node, "its input ", i, " is no bytes");
  }
  if (net.bytes().rows.contains(x.slot)) net.refuse(node, "its input ", i, " has rows' own scales");
  if (byte_type(net, node, i + 2) != x.type) net.refuse(node, "its zero is of another type");
  return {x.slot, quanta_of(net, node, i + 1, i + 2)};
}

OnnxQuanta quanta_of(const OnnxNetReader& net, const OnnxNode& node, std::size_t scale,
                     std::size_t zero) {
  const OnnxTensor& scales = net.wanted(node, scale);
  const OnnxTensor* zeros = given(net, node, zero);
  const OnnxType type = byte_type(net, node, zero);
  if (!is_byte(type)) {
    net.refuse(node, "its zero is of type ", static_cast<std::int32_t>(type), ", 2 or 3 is wanted");
  }
  if (scales.numbers.size() != 1 || (zeros != nullptr && zeros->numbers.size() != 1)) {
    net.refuse(node, "one scale and one zero are wanted");
  }
  OnnxQuanta quanta{static_cast<float>(scales.numbers.front()), shift_of(type)};
  if (zeros != nullptr) quanta.zero += integers(*zeros).front();
  if (!is_scale(quanta.scale)) net.refuse(node, "its scale is ", quanta.scale);
  return quanta;
}

OnnxWholeConstant whole_of(const OnnxNetReader& net, const OnnxNode& node, std::size_t place,
                           std::int64_t axis) {
  OnnxWholeConstant made{.whole = net.wanted(node, place), .axis = axis};
  for (const double scale : net.wanted(node, place + 1).numbers) {
    made.scales.push_back(static_cast<float>(scale));
    if (!is_scale(made.scales.back())) net.refuse(node, "a scale is ", scale);
  }
  const OnnxTensor* zeros = given(net, node, place + 2);
  made.zeros.resize(made.scales.size());
  if (zeros != nullptr && zeros->type != made.whole.type) {
    net.refuse(node, "its weights' zero is of another type");
  }
  if (zeros != nullptr) made.zeros = integers(*zeros);
  if (made.zeros.size() == 1) made.zeros.resize(made.scales.size(), made.zeros.front());
  if (made.scales.empty() || made.zeros.size() != made.scales.size()) {
    net.refuse(node, made.scales.size(), " scales and ", made.zeros.size(), " zeros");
  }
  return made;
}

OnnxTensor floats_of(const OnnxNode& node, const OnnxWholeConstant& constant) {
  const std::vector<std::int64_t>& shape = constant.whole.shape;
  const auto axis = constant.axis < 0 ? constant.axis + std::ssize(shape) : constant.axis;
  std::size_t inner = 1;
  std::size_t size = 1;
  if (constant.scales.size() > 1) {
    if (axis < 0 || axis >= std::ssize(shape)) OnnxNetReader::refuse(node, "axis ", constant.axis);
    size = static_cast<std::size_t>(shape[static_cast<std::size_t>(axis)]);
    for (auto i = static_cast<std::size_t>(axis) + 1; i < shape.size(); ++i) {
      inner *= static_cast<std::size_t>(shape[i]);
    }
    if (size != constant.scales.size()) {
      OnnxNetReader::refuse(node, constant.scales.size(), " scales for ", size);
    }
  }
  OnnxTensor floats = constant.whole;
  floats.type = OnnxType::kFloat;
  for (std::size_t i = 0; i < floats.numbers.size(); ++i) {
    const std::size_t k = i / inner % size;
    floats.numbers[i] =
        static_cast<float>(floats.numbers[i] - constant.zeros[k]) * constant.scales[k];
  }
  return floats;
}

bool fold_dequantized(OnnxNetReader& net, const OnnxNode& node) {
  if (node.operation != "DequantizeLinear" || net.constant(node, 0) == nullptr) return false;
  if (!is_whole(net.constant(node, 0)->type)) net.refuse(node, "it is of no integers");
  if (node.integer("block_size", 0) != 0) net.refuse(node, "block_size");
  OnnxWholeConstant made = whole_of(net, node, 0, node.integer("axis", 1));
  OnnxTensor floats = floats_of(node, made);
  net.bytes().constants.insert_or_assign(node.outputs.front(), std::move(made));
  net.set_constant(node, std::move(floats));
  return true;
}

}  // namespace kedge

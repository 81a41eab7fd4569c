// Operators that read bytes and write bytes, or sums of them: QLinear ones with scales of their
// own, Integer ones of bytes whose scale is the row's.
#include <algorithm>
#include <cstdlib>
#include <utility>

#include "kedge/kernels/dense_int8.h"
#include "kedge/model/onnx_net_bytes.h"
#include "kedge/model/onnx_net_operators.h"
#include "kedge/model/onnx_net_windows.h"

namespace kedge {
namespace {

[[noreturn]] void refuse_sums(const OnnxNode& node) {
  OnnxNetReader::refuse(node, "its sums may be beyond 2^30, or it has too many inputs");
}

OnnxNetValue as_bytes(OnnxNetReader& net, const OnnxNode& node, OnnxNetValue made,
                      std::uint32_t floats, std::size_t scale) {
  made.slot = quantized_slot(net, floats, quanta_of(net, node, scale, scale + 1));
  made.type = byte_type(net, node, scale + 1);
  return made;
}

// The start of the sums, an integer for each output.
void take_start(OnnxNetReader& net, const OnnxNode& node, std::size_t i, OnnxWholeLayer& layer) {
  if (i >= node.inputs.size() || node.inputs[i].empty()) return;
  const OnnxTensor& bias = net.wanted(node, i);
  if (bias.type != OnnxType::kInt32 || bias.numbers.size() != layer.outputs) {
    net.refuse(node, "its bias is no int32 for each of ", layer.outputs, " outputs");
  }
  for (const double number : bias.numbers) layer.bias.push_back(static_cast<std::int64_t>(number));
}

OnnxWholeLayer wanted_matrix(OnnxNetReader& net, const OnnxNode& node, const OnnxNetValue& x,
                             const OnnxWholeConstant& constant, bool transposed) {
  auto layer = matrix_of(constant, transposed);
  const std::size_t inputs = net.net().width(x.slot);
  if (!layer || x.form != OnnxForm::kMatrix || layer->weights.size() != inputs * layer->outputs) {
    net.refuse(node, "its matrix of bytes does not fit ", inputs, " columns");
  }
  return *std::move(layer);
}

OnnxNetValue read_qlinear_matmul(OnnxNetReader& net, const OnnxNode& node) {
  const OnnxByteSlot bytes = bytes_of(net, node, 0);
  const OnnxNetValue& x = net.value(node, 0);
  const OnnxWholeLayer layer = wanted_matrix(net, node, x, whole_of(net, node, 3, 1), false);
  auto sums = byte_sums(net, node, bytes, layer, {}, 1);
  if (!sums) refuse_sums(node);
  return as_bytes(net, node, x, sums_slot(net, *std::move(sums), {}), 6);
}

OnnxNetValue read_qgemm(OnnxNetReader& net, const OnnxNode& node) {
  if (node.integer("transA", 0) != 0) net.refuse(node, "transA");
  const OnnxByteSlot bytes = bytes_of(net, node, 0);
  const OnnxNetValue& x = net.value(node, 0);
  const bool transposed = node.integer("transB", 0) != 0;
  OnnxWholeLayer layer =
      wanted_matrix(net, node, x, whole_of(net, node, 3, transposed ? 0 : 1), transposed);
  take_start(net, node, 6, layer);
  OnnxByteSlot scaled = bytes;
  scaled.quanta.scale *= static_cast<float>(node.real("alpha", 1));
  auto sums = byte_sums(net, node, scaled, layer, {}, 1);
  if (!sums) refuse_sums(node);
  const std::uint32_t floats = sums_slot(net, *std::move(sums), {});
  const bool to_bytes = node.inputs.size() > 7 && !node.inputs[7].empty();
  if (to_bytes) return as_bytes(net, node, x, floats, 7);
  return {.slot = floats};
}

OnnxNetValue read_qlinear_convolution(OnnxNetReader& net, const OnnxNode& node) {
  const OnnxByteSlot bytes = bytes_of(net, node, 0);
  const OnnxNetValue& x = net.value(node, 0);
  const OnnxWholeConstant whole = whole_of(net, node, 3, 0);
  const std::vector<std::int64_t>& shape = whole.whole.shape;
  if (x.form != OnnxForm::kDeep) net.refuse(node, "its input 0 has no channels");
  const std::size_t groups = groups_of(node, shape, x.sizes.front());
  auto layer = kernel_of(whole, groups);
  if (!layer) net.refuse(node, "its weights are no bytes, or too many in ", groups, " groups");
  take_start(net, node, 8, *layer);
  const OnnxWindows windows = windows_of(net, node, x, std::span(shape).subspan(2));
  auto sums = window_sums(net, node, bytes, windows, *layer, kNoColumn, {});
  if (!sums) refuse_sums(node);
  const OnnxNetValue made = window_value(windows, static_cast<std::uint32_t>(shape[0]), x, x.slot);
  return as_bytes(net, node, made, sums_slot(net, *std::move(sums), {}), 6);
}

// Rows of weights that take off the zero times what an output's weights are together; how many.
std::size_t take_off_zero(const OnnxNode& node, OnnxWholeLayer& layer) {
  std::vector<std::int32_t> rest(layer.outputs);
  for (std::size_t i = 0; i < layer.weights.size(); ++i) {
    rest[i % layer.outputs] -= layer.weights[i];
  }
  constexpr std::int32_t kMost = 127;
  std::size_t rows = 0;
  for (; std::ranges::any_of(rest, [](std::int32_t sum) { return sum != 0; }); ++rows) {
    if (rows == kMostInt8Inputs) refuse_sums(node);
    for (std::int32_t& sum : rest) {
      const std::int32_t part = std::clamp(sum, -kMost, kMost);
      layer.weights.push_back(part);
      sum -= part;
    }
  }
  return rows;
}

// The bytes that DynamicQuantizeLinear wrote, and so many times their zero behind them.
std::uint32_t row_bytes(OnnxNetReader& net, const OnnxRowQuanta& row, std::size_t zeros) {
  GraphStep step{.kind = StepKind::kQuantizeRow, .number = NumberKind::kByte};
  step.width = static_cast<std::uint32_t>(net.net().width(row.x) + zeros);
  const std::uint32_t slots[] = {row.x, row.lowest, row.scale};
  return net.net().add(step, slots);
}

// Weights of 1, less their zeros.
OnnxWholeConstant integer_weights(OnnxNetReader& net, const OnnxNode& node, std::int64_t axis) {
  OnnxWholeConstant made{.whole = net.wanted(node, 1), .axis = axis};
  made.zeros = {0};
  if (node.inputs.size() > 3 && !node.inputs[3].empty()) {
    const OnnxTensor& zeros = net.wanted(node, 3);
    if (zeros.type != made.whole.type) net.refuse(node, "its weights' zero is of another type");
    if (zeros.numbers.empty()) net.refuse(node, "its weights have no zero");
    made.zeros.clear();
    for (const double zero : zeros.numbers) made.zeros.push_back(static_cast<std::int32_t>(zero));
  }
  made.scales.assign(made.zeros.size(), 1.0F);
  return made;
}

const OnnxRowQuanta& row_of(OnnxNetReader& net, const OnnxNode& node) {
  const auto found = net.bytes().rows.find(net.value(node, 0).slot);
  if (found == net.bytes().rows.end() || net.value(node, 2).slot != found->first) {
    net.refuse(node, "bytes and zero of a DynamicQuantizeLinear are wanted");
  }
  return found->second;
}

// Sums as floats, which a Cast makes of them anyway.
OnnxNetValue as_sums(OnnxNetReader& net, OnnxNetValue made, std::optional<OnnxByteSums> sums,
                     const OnnxNode& node) {
  if (!sums) refuse_sums(node);
  const std::vector<float> nothing(sums->outputs);
  made.slot = sums_slot(net, *std::move(sums), nothing);
  made.type = OnnxType::kInt32;
  return made;
}

OnnxNetValue read_matmul_integer(OnnxNetReader& net, const OnnxNode& node) {
  const OnnxRowQuanta& row = row_of(net, node);
  const OnnxNetValue& x = net.value(node, 0);
  OnnxWholeLayer layer = wanted_matrix(net, node, x, integer_weights(net, node, 1), false);
  const std::size_t zeros = take_off_zero(node, layer);
  net.expect_room(node, net.net().width(row.x) + zeros);
  const OnnxByteSlot bytes{row_bytes(net, row, zeros), {}};
  return as_sums(net, x, byte_sums(net, node, bytes, layer, {}, 1), node);
}

OnnxNetValue read_convolution_integer(OnnxNetReader& net, const OnnxNode& node) {
  const OnnxRowQuanta& row = row_of(net, node);
  const OnnxNetValue& x = net.value(node, 0);
  const OnnxWholeConstant whole = integer_weights(net, node, 0);
  const std::vector<std::int64_t>& shape = whole.whole.shape;
  if (x.form != OnnxForm::kDeep) net.refuse(node, "its input 0 has no channels");
  const std::size_t groups = groups_of(node, shape, x.sizes.front());
  auto layer = kernel_of(whole, groups);
  if (!layer) net.refuse(node, "its weights are no bytes, or too many in ", groups, " groups");
  const OnnxWindows windows = windows_of(net, node, x, std::span(shape).subspan(2));
  const auto zero = static_cast<std::uint32_t>(net.net().width(row.x));
  const std::vector<std::uint32_t> tail(take_off_zero(node, *layer), zero);
  net.expect_room(node, (windows.places.size() * windows.channels) + windows.count * tail.size());
  const OnnxByteSlot bytes{row_bytes(net, row, 1), {}};
  const OnnxNetValue made = window_value(windows, static_cast<std::uint32_t>(shape[0]), x, x.slot);
  return as_sums(net, made, window_sums(net, node, bytes, windows, *layer, zero, tail), node);
}

// What floats do between bytes and bytes.
OnnxNetValue floats_of(OnnxNetReader& net, const OnnxNode& node, std::size_t i) {
  OnnxNetValue made = net.value(node, i);
  made.slot = dequantized_slot(net, bytes_of(net, node, i));
  made.type = OnnxType::kFloat;
  return made;
}

template <Combination kWith>
OnnxNetValue read_qlinear_binary(OnnxNetReader& net, const OnnxNode& node) {
  const bool is_left = net.constant(node, 0) != nullptr;
  const std::size_t constant = is_left ? 0 : 3;
  OnnxNetValue made = floats_of(net, node, is_left ? 3 : 0);
  if (net.constant(node, constant) != nullptr) {
    const OnnxTensor numbers = floats_of(node, whole_of(net, node, constant, 0));
    made = net.with_tensor(node, kWith, made, numbers, is_left);
  } else {
    made = net.combined(node, kWith, made, floats_of(net, node, 3));
  }
  return as_bytes(net, node, made, made.slot, 6);
}

template <Activation kWhich>
OnnxNetValue read_qlinear_activation(OnnxNetReader& net, const OnnxNode& node) {
  const std::uint32_t floats = dequantized_slot(net, bytes_of(net, node, 0));
  const double alpha = kWhich == Activation::kLeakyRelu ? node.real("alpha", 0.01) : 0;
  return as_bytes(net, node, net.value(node, 0), net.net().activate(floats, kWhich, alpha), 3);
}

void expect_channels(OnnxNetReader& net, const OnnxNode& node, const OnnxNetValue& x) {
  if (x.form != OnnxForm::kDeep || node.integer("channels_last", 0) != 0) {
    net.refuse(node, "channels behind the rows are wanted");
  }
}

OnnxNetValue read_qlinear_mean(OnnxNetReader& net, const OnnxNode& node) {
  OnnxNetValue made = floats_of(net, node, 0);
  expect_channels(net, node, made);
  const std::uint32_t channels = made.sizes.front();
  std::vector<std::uint32_t> sizes(made.sizes.size(), 1);
  sizes.front() = channels;
  set_sizes(made, std::move(sizes));
  made.slot = net.net().reduce(made.slot, Reduction::kMean, channels);
  return as_bytes(net, node, made, made.slot, 3);
}

OnnxNetValue read_qlinear_average(OnnxNetReader& net, const OnnxNode& node) {
  const OnnxNetValue x = floats_of(net, node, 0);
  expect_channels(net, node, x);
  const OnnxNetValue made = average_pool(net, node, x);
  return as_bytes(net, node, made, made.slot, 3);
}

constexpr OnnxNetOperator kRows[] = {
    {"QLinearMatMul", read_qlinear_matmul, 0, true},
    {"QGemm", read_qgemm, 0, true},
    {"QLinearConv", read_qlinear_convolution, 0, true},
    {"MatMulInteger", read_matmul_integer, 0, true},
    {"ConvInteger", read_convolution_integer, 0, true},
    {"QLinearAdd", read_qlinear_binary<Combination::kAdd>, 0, true},
    {"QLinearMul", read_qlinear_binary<Combination::kMultiply>, 0, true},
    {"QLinearSigmoid", read_qlinear_activation<Activation::kSigmoid>, 0, true},
    {"QLinearLeakyRelu", read_qlinear_activation<Activation::kLeakyRelu>, 0, true},
    {"QLinearAveragePool", read_qlinear_average, 0, true},
    {"QLinearGlobalAveragePool", read_qlinear_mean, 0, true}};

}  // namespace

std::span<const OnnxNetOperator> onnx_net_byte_layers() noexcept { return kRows; }

}  // namespace kedge

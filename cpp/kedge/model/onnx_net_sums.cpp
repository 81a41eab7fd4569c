// Bytes times whole weights as steps, and bytes made of what comes out.
#include <algorithm>
#include <bit>
#include <cstdlib>
#include <utility>

#include "kedge/kernels/dense_int8.h"
#include "kedge/model/onnx_net_bytes.h"

namespace kedge {
namespace {

constexpr std::int32_t kLeastWeight = -128;
constexpr std::int32_t kMostWeight = 127;

// Rows of int8 whose sum by input is a layer's weights: which input each is of.
struct Lines {
  std::vector<std::uint32_t> inputs;
  std::vector<std::int8_t> weights;
};

Lines lines_of(const OnnxWholeLayer& layer) {
  Lines lines;
  std::vector<std::int32_t> rest = layer.weights;
  const std::size_t inputs = rest.size() / layer.outputs;
  for (bool is_first = true, is_left = true; is_left; is_first = false) {
    is_left = false;
    for (std::size_t j = 0; j < inputs && lines.inputs.size() <= kMostInt8Inputs; ++j) {
      const auto row = std::span(rest).subspan(j * layer.outputs, layer.outputs);
      if (!is_first && std::ranges::all_of(row, [](std::int32_t weight) { return weight == 0; })) {
        continue;
      }
      lines.inputs.push_back(static_cast<std::uint32_t>(j));
      for (std::int32_t& weight : row) {
        const std::int32_t part = std::clamp(weight, kLeastWeight, kMostWeight);
        lines.weights.push_back(static_cast<std::int8_t>(part));
        weight -= part;
        is_left |= weight != 0;
      }
    }
    if (lines.inputs.size() > kMostInt8Inputs) break;
  }
  return lines;
}

// Four inputs of sixteen outputs a line, panel by panel.
std::vector<std::int8_t> packed(const Lines& lines, std::size_t outputs) {
  const std::size_t groups = int8_groups(lines.inputs.size());
  std::vector<std::int8_t> made(int8_panels(outputs) * groups * kInt8LineBytes);
  for (std::size_t j = 0; j < lines.inputs.size(); ++j) {
    for (std::size_t k = 0; k < outputs; ++k) {
      made[(k / kInt8Lanes * groups + j / 4) * kInt8LineBytes + k % kInt8Lanes * 4 + j % 4] =
          lines.weights[j * outputs + k];
    }
  }
  return made;
}

// The sums' start less what the zero of the bytes adds; none when a sum might overflow.
std::optional<std::vector<std::int32_t>> starts(const OnnxWholeLayer& layer, std::int32_t zero) {
  std::vector<std::int64_t> sums(int8_panels(layer.outputs) * kInt8Lanes);
  std::ranges::copy(layer.bias, sums.begin());
  for (std::size_t i = 0; i < layer.weights.size(); ++i) {
    sums[i % layer.outputs] -= std::int64_t{layer.weights[i]} * zero;
  }
  std::vector<std::int32_t> made;
  made.reserve(sums.size());
  for (const std::int64_t sum : sums) {
    if (std::abs(sum) > kMostInt8Bias) return std::nullopt;
    made.push_back(static_cast<std::int32_t>(sum));
  }
  return made;
}

GraphStep step_of(StepKind kind, NumberKind number, std::size_t width) {
  GraphStep step{.kind = kind, .number = number};
  step.width = static_cast<std::uint32_t>(width);
  return step;
}

std::uint32_t add_quantize(GraphBuilder& net, std::uint32_t slot, std::int32_t zero) {
  const std::size_t width = net.width(slot);
  net.add_tensor(std::vector<double>(width, 1.0), NumberKind::kFloat);
  net.add_tensor(std::vector<double>(width, zero), NumberKind::kFloat);
  return net.add(step_of(StepKind::kQuantize, NumberKind::kByte, width), {&slot, 1});
}

}  // namespace

std::optional<OnnxByteSums> byte_sums(OnnxNetReader& net, const OnnxNode& node,
                                      const OnnxByteSlot& x, const OnnxWholeLayer& layer,
                                      std::span<const std::uint32_t> columns, std::uint32_t parts) {
  const Lines lines = lines_of(layer);
  const std::size_t inputs = layer.weights.size() / layer.outputs;
  if (lines.inputs.size() > kMostInt8Inputs) return std::nullopt;
  auto bias = starts(layer, x.quanta.zero);
  if (!bias) return std::nullopt;
  OnnxByteSums sums{.slot = x.slot, .parts = parts, .outputs = layer.outputs};
  sums.weights = packed(lines, layer.outputs);
  sums.bias = *std::move(bias);
  for (const float scale : layer.scales) sums.scales.push_back(x.quanta.scale * scale);
  if (columns.empty() && lines.inputs.size() == inputs) return sums;
  const std::size_t each = parts == 1 ? lines.inputs.size() : 4 * int8_groups(lines.inputs.size());
  net.expect_room(node, std::uint64_t{each} * parts);
  std::vector<std::uint32_t> read;
  read.reserve(each * parts);
  for (std::uint32_t part = 0; part < parts; ++part) {
    for (const std::uint32_t input : lines.inputs) {
      read.push_back(columns.empty() ? input : columns[part * inputs + input]);
    }
    read.resize((part + 1) * each, kNoColumn);
  }
  sums.slot = net.net().select(x.slot, read, x.quanta.zero);
  return sums;
}

std::uint32_t add_sums(GraphBuilder& net, const OnnxByteSums& sums, std::span<const float> scales,
                       std::span<const float> offsets, bool relu) {
  std::vector<std::uint32_t> words(sums.bias.size() / kInt8Lanes * kInt8ChannelWords);
  for (std::size_t k = 0; k < sums.bias.size(); ++k) {
    std::uint32_t* at = &words[k / kInt8Lanes * kInt8ChannelWords + k % kInt8Lanes];
    at[0] = static_cast<std::uint32_t>(sums.bias[k]);
    if (k >= sums.outputs) continue;
    at[kInt8Lanes] = std::bit_cast<std::uint32_t>(scales[k]);
    at[2 * kInt8Lanes] = std::bit_cast<std::uint32_t>(offsets.empty() ? 0.0F : offsets[k]);
  }
  net.add_bytes(std::as_bytes(std::span(sums.weights)), sums.weights.size(), TensorKind::kByte);
  net.add_indices(words);
  const std::size_t width = sums.parts == 1 ? sums.outputs : sums.bias.size() * sums.parts;
  GraphStep step = step_of(StepKind::kByteAffine, NumberKind::kFloat, width);
  step.repeat = sums.parts;
  step.option = static_cast<std::uint32_t>(relu ? Activation::kRelu : Activation::kNone);
  return net.add(step, {&sums.slot, 1});
}

std::uint32_t sums_slot(OnnxNetReader& net, OnnxByteSums sums, std::span<const float> offsets) {
  std::uint32_t slot = add_sums(net.net(), sums, sums.scales, offsets, false);
  if (!sums.order.empty()) slot = net.net().select(slot, sums.order);
  if (offsets.empty()) net.bytes().sums.insert_or_assign(slot, std::move(sums));
  return slot;
}

// Of sums the scale of the answer goes into that of the sums, as it does in onnxruntime's layers of
// bytes; of other floats it divides.
std::uint32_t quantized_slot(OnnxNetReader& net, std::uint32_t slot, const OnnxQuanta& quanta) {
  GraphBuilder& builder = net.net();
  const auto same = net.bytes().slots.find(slot);
  if (same != net.bytes().slots.end() && same->second.quanta == quanta) return same->second.slot;
  constexpr auto kRelu = static_cast<std::uint32_t>(Activation::kRelu);
  const bool relu = slot > 0 && builder.step(slot).kind == StepKind::kActivate &&
                    builder.step(slot).option == kRelu;
  const auto found = net.bytes().sums.find(relu ? builder.source(slot) : slot);
  if (found == net.bytes().sums.end()) {
    const double scale = quanta.scale;
    return add_quantize(builder, builder.combine(Combination::kDivide, slot, {&scale, 1}),
                        quanta.zero);
  }
  const OnnxByteSums& sums = found->second;
  std::vector<float> scales = sums.scales;
  for (float& scale : scales) scale /= quanta.scale;
  const std::uint32_t made =
      add_quantize(builder, add_sums(builder, sums, scales, {}, relu), quanta.zero);
  return sums.order.empty() ? made : builder.select(made, sums.order);
}

std::uint32_t dequantized_slot(OnnxNetReader& net, const OnnxByteSlot& bytes) {
  std::vector<double> table(256);
  for (std::int32_t byte = 0; byte < 256; ++byte) {
    table[static_cast<std::size_t>(byte)] =
        static_cast<float>(byte - bytes.quanta.zero) * bytes.quanta.scale;
  }
  net.net().add_tensor(table, NumberKind::kFloat);
  const std::size_t width = net.net().width(bytes.slot);
  const std::uint32_t slot =
      net.net().add(step_of(StepKind::kByteTable, NumberKind::kFloat, width), {&bytes.slot, 1});
  net.bytes().slots.insert_or_assign(slot, bytes);
  return slot;
}

}  // namespace kedge

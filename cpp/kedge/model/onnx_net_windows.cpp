#include "kedge/model/onnx_net_windows.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "kedge/kernels/dense_int8.h"
#include "kedge/model/onnx_net_operators.h"

namespace kedge {
namespace {

struct Axis {
  std::int64_t size = 1;
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t begin = 0;  // padding
  std::int64_t end = 0;
  std::int64_t count = 0;  // of windows

  std::int64_t reach() const { return (kernel - 1) * dilation + 1; }
};

std::int64_t bounded(const OnnxNode& node, std::string_view what, std::int64_t value,
                     std::int64_t least) {
  constexpr auto kMost = static_cast<std::int64_t>(kMostGraphWidth);
  if (value < least || value > kMost) {
    OnnxNetReader::refuse(node, what, " ", value, ", ", least, " to ", kMost, " is possible");
  }
  return value;
}

std::int64_t listed(const OnnxNode& node, std::string_view name, std::size_t i, std::size_t count,
                    std::int64_t otherwise) {
  const std::span<const std::int64_t> numbers = node.integers(name);
  if (numbers.empty()) return otherwise;
  if (numbers.size() != count) {
    OnnxNetReader::refuse(node, name, ": ", numbers.size(), " numbers, ", count, " are wanted");
  }
  return numbers[i];
}

// As many windows as strides fit, with what padding they need, or as many as fit the padding.
void place_windows(const OnnxNode& node, Axis& axis) {
  const std::string_view rule = node.text("auto_pad", "NOTSET");
  if (rule == "SAME_UPPER" || rule == "SAME_LOWER") {
    axis.count = (axis.size + axis.stride - 1) / axis.stride;
    const std::int64_t needed =
        std::max<std::int64_t>((axis.count - 1) * axis.stride + axis.reach() - axis.size, 0);
    axis.begin = rule == "SAME_UPPER" ? needed / 2 : needed - needed / 2;
    axis.end = needed - axis.begin;
    return;
  }
  if (rule == "VALID") axis.begin = axis.end = 0;
  if (rule != "VALID" && rule != "NOTSET") OnnxNetReader::refuse(node, "auto_pad ", rule);
  const std::int64_t room = axis.size + axis.begin + axis.end - axis.reach();
  if (room < 0) OnnxNetReader::refuse(node, "a window of ", axis.reach(), " does not fit");
  const bool up = node.integer("ceil_mode", 0) != 0;
  axis.count = (room + (up ? axis.stride - 1 : 0)) / axis.stride + 1;
  // None begins behind the numbers.
  if (up && (axis.count - 1) * axis.stride >= axis.size + axis.begin) --axis.count;
}

std::vector<Axis> axes_of(const OnnxNode& node, std::span<const std::uint32_t> sizes,
                          std::span<const std::int64_t> kernel) {
  const std::size_t rank = sizes.size();
  if (kernel.size() != rank) {
    OnnxNetReader::refuse(node, "a window of ", kernel.size(), " sizes for ", rank);
  }
  std::vector<Axis> axes(rank);
  for (std::size_t i = 0; i < rank; ++i) {
    Axis& axis = axes[i];
    axis.size = sizes[i];
    axis.kernel = bounded(node, "a window of", kernel[i], 1);
    axis.stride = bounded(node, "a stride of", listed(node, "strides", i, rank, 1), 1);
    axis.dilation = bounded(node, "a dilation of", listed(node, "dilations", i, rank, 1), 1);
    axis.begin = bounded(node, "a padding of", listed(node, "pads", i, 2 * rank, 0), 0);
    axis.end = bounded(node, "a padding of", listed(node, "pads", rank + i, 2 * rank, 0), 0);
    if (axis.kernel * axis.dilation > static_cast<std::int64_t>(kMostGraphWidth)) {
      OnnxNetReader::refuse(node, "a window of ", axis.kernel, " numbers ", axis.dilation,
                            " apart");
    }
    place_windows(node, axis);
  }
  return axes;
}

// Places of all axes but the last, each with the last's behind it.
void add_axis(OnnxWindows& windows, const Axis& axis) {
  const auto kernel = static_cast<std::uint32_t>(axis.kernel);
  const auto count = static_cast<std::uint32_t>(axis.count);
  std::vector<std::uint32_t> places;
  std::vector<std::uint32_t> padded;
  places.reserve(windows.places.size() * count * kernel);
  for (std::uint32_t window = 0; window < windows.count; ++window) {
    for (std::int64_t i = 0; i < count; ++i) {
      std::uint32_t within = 0;
      for (std::uint32_t outer = 0; outer < windows.kernel; ++outer) {
        const std::uint32_t before = windows.places[window * windows.kernel + outer];
        for (std::int64_t k = 0; k < kernel; ++k) {
          const std::int64_t at = i * axis.stride - axis.begin + k * axis.dilation;
          const bool is_there = at >= 0 && at < axis.size && before != OnnxWindows::kPadding;
          places.push_back(is_there ? before * static_cast<std::uint32_t>(axis.size) +
                                          static_cast<std::uint32_t>(at)
                                    : OnnxWindows::kPadding);
          within += outer == 0 && at < axis.size + axis.end;
        }
      }
      padded.push_back(windows.padded[window] * within);
    }
  }
  windows.places = std::move(places);
  windows.padded = std::move(padded);
  windows.kernel *= kernel;
  windows.count *= count;
  windows.channel *= static_cast<std::uint32_t>(axis.size);
  windows.sizes.push_back(count);
}

OnnxWindows all_windows(OnnxNetReader& net, const OnnxNode& node, std::uint32_t channels,
                        std::span<const Axis> axes) {
  OnnxWindows windows{.channels = channels, .places = {0}, .padded = {1}};
  for (const Axis& axis : axes) {
    const std::uint64_t before = windows.places.size();
    net.expect_room(node, static_cast<std::uint64_t>(axis.count * axis.kernel));
    net.expect_room(node, before * static_cast<std::uint64_t>(axis.count * axis.kernel));
    add_axis(windows, axis);
  }
  net.expect_room(node, std::uint64_t{windows.places.size()} * channels);
  return windows;
}

// Of value i, whose sizes behind the channels are those of windows.
std::vector<std::uint32_t> sizes_of_channel(const OnnxNode& node, const OnnxNetValue& x) {
  if (x.form != OnnxForm::kDeep) OnnxNetReader::refuse(node, "its input 0 has no channels");
  return {x.sizes.begin() + 1, x.sizes.end()};
}

std::uint32_t select(OnnxNetReader& net, std::uint32_t slot, std::span<const std::uint32_t> columns,
                     double otherwise = 0) {
  bool is_same = columns.size() == net.net().width(slot);
  for (std::size_t i = 0; is_same && i < columns.size(); ++i) is_same = columns[i] == i;
  return is_same ? slot : net.net().select(slot, columns, otherwise);
}

// Each output's windows side by side, of slots that have each window's outputs side by side.
std::vector<std::uint32_t> by_outputs(std::uint32_t windows, std::uint32_t outputs,
                                      std::uint32_t stride) {
  std::vector<std::uint32_t> columns;
  columns.reserve(std::size_t{windows} * outputs);
  for (std::uint32_t k = 0; k < outputs; ++k) {
    for (std::uint32_t i = 0; i < windows; ++i) columns.push_back(i * stride + k);
  }
  return columns;
}

// The weights of one group, input by input.
std::vector<double> group_weights(const OnnxTensor& weights, std::size_t first, std::size_t outputs,
                                  std::size_t inputs) {
  std::vector<double> made(outputs * inputs);
  for (std::size_t k = 0; k < outputs; ++k) {
    for (std::size_t j = 0; j < inputs; ++j) {
      made[j * outputs + k] = weights.numbers[(first + k) * inputs + j];
    }
  }
  return made;
}

std::uint32_t convolve(OnnxNetReader& net, const OnnxNode& node, std::uint32_t slot,
                       const OnnxWindows& windows, std::size_t groups) {
  const OnnxTensor& weights = net.wanted(node, 1);
  const auto outputs = static_cast<std::uint32_t>(weights.shape[0]);
  const bool has_bias = node.inputs.size() > 2 && !node.inputs[2].empty();
  std::vector<double> bias(outputs);
  if (has_bias) bias = net.wanted(node, 2).numbers;
  if (bias.size() != outputs) net.refuse(node, bias.size(), " biases of ", outputs);
  const auto each = static_cast<std::uint32_t>(outputs / groups);
  const auto channels = static_cast<std::uint32_t>(windows.channels / groups);
  net.expect_room(node, std::uint64_t{windows.count} * padded_width(outputs, NumberKind::kFloat));
  std::vector<std::uint32_t> parts;
  for (std::uint32_t group = 0; group < groups; ++group) {
    const std::vector<std::uint32_t> columns =
        window_columns(windows, group * channels, channels, kNoColumn);
    const std::uint32_t read = select(net, slot, columns);
    const std::vector<double> matrix =
        group_weights(weights, std::size_t{group} * each, each, channels * windows.kernel);
    const std::uint32_t made = net.net().affine(
        read, each, matrix, std::span(bias).subspan(group * each, each), windows.count);
    parts.push_back(select(net, made, by_outputs(windows.count, each, each)));
  }
  return parts.size() == 1 ? parts.front() : net.net().concat(parts);
}

std::optional<std::uint32_t> convolve_bytes(OnnxNetReader& net, const OnnxNode& node,
                                            std::uint32_t slot, const OnnxWindows& windows,
                                            std::size_t groups) {
  const OnnxByteSlot* bytes = known_bytes(net, slot);
  const OnnxWholeConstant* whole = whole_constant(net, node, 1);
  if (bytes == nullptr || whole == nullptr) return std::nullopt;
  auto layer = kernel_of(*whole, groups);
  std::vector<float> offsets;
  if (!layer || !take_bias(net, node, 2, bytes->quanta.scale, *layer, offsets)) return std::nullopt;
  auto sums = window_sums(net, node, *bytes, windows, *layer, kNoColumn, {});
  if (!sums) return std::nullopt;
  return sums_slot(net, *std::move(sums), offsets);
}

OnnxNetValue read_convolution(OnnxNetReader& net, const OnnxNode& node) {
  const OnnxNetValue& x = net.tensor(node, 0);
  const std::vector<std::int64_t>& shape = net.wanted(node, 1).shape;
  (void)sizes_of_channel(node, x);
  const std::size_t groups = groups_of(node, shape, x.sizes.front());
  const OnnxWindows windows = windows_of(net, node, x, std::span(shape).subspan(2));
  const auto bytes = convolve_bytes(net, node, x.slot, windows, groups);
  return window_value(windows, static_cast<std::uint32_t>(shape[0]), x,
                      bytes ? *bytes : convolve(net, node, x.slot, windows, groups));
}

// The numbers of each channel's windows, window by window.
std::uint32_t pooled(OnnxNetReader& net, const OnnxNode& node, std::uint32_t slot,
                     const OnnxWindows& windows, double padding) {
  std::vector<std::uint32_t> columns;
  net.expect_room(node, std::uint64_t{windows.places.size()} * windows.channels);
  for (std::uint32_t channel = 0; channel < windows.channels; ++channel) {
    const auto one = window_columns(windows, channel, 1, kNoColumn);
    columns.insert(columns.end(), one.begin(), one.end());
  }
  return select(net, slot, columns, padding);
}

// Bytes are in the order of what they stand for.
OnnxNetValue read_max_pool(OnnxNetReader& net, const OnnxNode& node) {
  const OnnxNetValue& x = net.value(node, 0);
  const bool has_bytes = net.net().number_of(x.slot) == NumberKind::kByte;
  const std::uint32_t slot = has_bytes ? dequantized_slot(net, {x.slot, {}}) : x.slot;
  if (!has_bytes) (void)net.tensor(node, 0);
  if (node.outputs.size() > 1) net.refuse(node, "its places are wanted, too");
  const OnnxWindows windows = windows_of(net, node, x, node.integers("kernel_shape"));
  constexpr double kLeast = -std::numeric_limits<double>::infinity();
  std::uint32_t made = net.net().extreme(pooled(net, node, slot, windows, kLeast), Reduction::kMax,
                                         windows.channels * windows.count);
  if (has_bytes) made = quantized_slot(net, made, {});
  return window_value(windows, windows.channels, x, made);
}

OnnxNetValue read_average_pool(OnnxNetReader& net, const OnnxNode& node) {
  return average_pool(net, node, net.tensor(node, 0));
}

template <Reduction kHow>
OnnxNetValue read_global_pool(OnnxNetReader& net, const OnnxNode& node) {
  const OnnxNetValue& x = net.tensor(node, 0);
  std::vector<std::uint32_t> sizes(sizes_of_channel(node, x).size() + 1, 1);
  sizes.front() = x.sizes.front();
  OnnxNetValue made{.slot = net.reduced(x.slot, kHow, sizes.front()), .type = x.type};
  set_sizes(made, std::move(sizes));
  return made;
}

// One window that reaches beyond the numbers on all sides.
OnnxNetValue read_pad(OnnxNetReader& net, const OnnxNode& node) {
  const OnnxNetValue& x = net.tensor(node, 0);
  const std::vector<std::uint32_t> sizes = sizes_of(x, net.net().width(x.slot));
  if (node.text("mode", "constant") != "constant") net.refuse(node, "mode ", node.text("mode", ""));
  if (node.inputs.size() > 3) net.refuse(node, "axes");
  const bool has_value = node.inputs.size() > 2 && !node.inputs[2].empty();
  const double value = has_value && !net.wanted(node, 2).numbers.empty()
                           ? net.wanted(node, 2).numbers.front()
                           : node.real("value", 0);
  std::vector<std::int64_t> pads(node.integers("pads").begin(), node.integers("pads").end());
  if (node.inputs.size() > 1) pads = net.integers_of(node, net.wanted(node, 1));
  const std::size_t rank = sizes.size() + 1;
  if (pads.size() != 2 * rank || pads[0] != 0 || pads[rank] != 0) {
    net.refuse(node, "two paddings of each size, and none of rows, are wanted");
  }
  std::vector<Axis> axes(sizes.size());
  for (std::size_t i = 0; i < axes.size(); ++i) {
    axes[i] = {.size = sizes[i],
               .begin = bounded(node, "a padding of", pads[i + 1], 0),
               .end = bounded(node, "a padding of", pads[rank + i + 1], 0)};
    axes[i].count = axes[i].size + axes[i].begin + axes[i].end;
  }
  const OnnxWindows windows = all_windows(net, node, 1, axes);
  std::vector<std::uint32_t> columns = window_columns(windows, 0, 1, kNoColumn);
  OnnxNetValue made{.slot = select(net, x.slot, columns, value), .type = x.type};
  set_sizes(made, windows.sizes);
  return made;
}

constexpr OnnxNetOperator kRows[] = {{"Conv", read_convolution},
                                     {"MaxPool", read_max_pool, 0, true},
                                     {"AveragePool", read_average_pool},
                                     {"GlobalAveragePool", read_global_pool<Reduction::kMean>},
                                     {"GlobalMaxPool", read_global_pool<Reduction::kMax>},
                                     {"Pad", read_pad}};

}  // namespace

std::span<const OnnxNetOperator> onnx_net_windows() noexcept { return kRows; }

std::size_t groups_of(const OnnxNode& node, std::span<const std::int64_t> shape,
                      std::size_t channels) {
  const std::int64_t groups = node.integer("group", 1);
  const auto all = static_cast<std::int64_t>(channels);
  if (shape.size() < 3 || groups < 1 || groups > all || shape[0] % groups != 0 || shape[0] == 0 ||
      shape[1] > all || shape[1] * groups != all) {
    OnnxNetReader::refuse(node, "its weights do not fit ", channels, " channels in ", groups,
                          " groups");
  }
  return static_cast<std::size_t>(groups);
}

// Divided by how many numbers each window has, or places within the padding.
OnnxNetValue average_pool(OnnxNetReader& net, const OnnxNode& node, const OnnxNetValue& x) {
  const OnnxWindows windows = windows_of(net, node, x, node.integers("kernel_shape"));
  const bool counts_padding = node.integer("count_include_pad", 0) != 0;
  std::vector<double> counts;
  for (std::uint32_t i = 0; i < windows.count; ++i) {
    const auto window = std::span(windows.places).subspan(i * windows.kernel, windows.kernel);
    const auto outside = std::ranges::count(window, OnnxWindows::kPadding);
    counts.push_back(counts_padding ? windows.padded[i]
                                    : static_cast<double>(windows.kernel - outside));
    if (counts.back() == 0) net.refuse(node, "window ", i, " has no number");
  }
  std::vector<double> all;
  for (std::uint32_t i = 0; i < windows.channels; ++i) {
    all.insert(all.end(), counts.begin(), counts.end());
  }
  const std::uint32_t sum = net.net().reduce(pooled(net, node, x.slot, windows, 0), Reduction::kSum,
                                             windows.channels * windows.count);
  return window_value(windows, windows.channels, x,
                      net.net().combine(Combination::kDivide, sum, all));
}

OnnxWindows windows_of(OnnxNetReader& net, const OnnxNode& node, const OnnxNetValue& x,
                       std::span<const std::int64_t> kernel) {
  const std::vector<std::uint32_t> sizes = sizes_of_channel(node, x);
  return all_windows(net, node, x.sizes.front(), axes_of(node, sizes, kernel));
}

std::vector<std::uint32_t> window_columns(const OnnxWindows& windows, std::uint32_t first_channel,
                                          std::uint32_t channels, std::uint32_t padding) {
  std::vector<std::uint32_t> columns;
  columns.reserve(windows.places.size() * channels);
  for (std::uint32_t i = 0; i < windows.count; ++i) {
    const auto window = std::span(windows.places).subspan(i * windows.kernel, windows.kernel);
    for (std::uint32_t channel = first_channel; channel < first_channel + channels; ++channel) {
      for (const std::uint32_t place : window) {
        columns.push_back(place == OnnxWindows::kPadding ? padding
                                                         : channel * windows.channel + place);
      }
    }
  }
  return columns;
}

OnnxNetValue window_value(const OnnxWindows& windows, std::uint32_t outputs, const OnnxNetValue& x,
                          std::uint32_t slot) {
  OnnxNetValue made{.slot = slot, .type = x.type};
  std::vector<std::uint32_t> sizes = {outputs};
  sizes.insert(sizes.end(), windows.sizes.begin(), windows.sizes.end());
  set_sizes(made, std::move(sizes));
  return made;
}

std::optional<OnnxByteSums> window_sums(OnnxNetReader& net, const OnnxNode& node,
                                        const OnnxByteSlot& x, const OnnxWindows& windows,
                                        const OnnxWholeLayer& layer, std::uint32_t padding,
                                        std::span<const std::uint32_t> tail) {
  const std::vector<std::uint32_t> own = window_columns(windows, 0, windows.channels, padding);
  const std::size_t each = own.size() / windows.count;
  std::vector<std::uint32_t> columns;
  columns.reserve(own.size() + windows.count * tail.size());
  for (std::uint32_t i = 0; i < windows.count; ++i) {
    const auto part = std::span(own).subspan(i * each, each);
    columns.insert(columns.end(), part.begin(), part.end());
    columns.insert(columns.end(), tail.begin(), tail.end());
  }
  auto sums = byte_sums(net, node, x, layer, columns, windows.count);
  if (!sums) return std::nullopt;
  const auto outputs = static_cast<std::uint32_t>(layer.outputs);
  if (windows.count > 1) {
    const auto stride = static_cast<std::uint32_t>(int8_panels(outputs) * kInt8Lanes);
    net.expect_room(node, std::uint64_t{stride} * windows.count);
    sums->order = by_outputs(windows.count, outputs, stride);
  }
  return sums;
}

}  // namespace kedge

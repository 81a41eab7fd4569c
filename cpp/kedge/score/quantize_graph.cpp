#include "kedge/score/quantize_graph.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "kedge/base/error.h"
#include "kedge/kernels/dense_int8.h"
#include "kedge/model/graph_builder.h"
#include "kedge/score/activate.h"
#include "kedge/score/byte_range.h"
#include "kedge/score/quantize_source.h"

namespace kedge {
namespace {

constexpr std::uint32_t kRelu = static_cast<std::uint32_t>(Activation::kRelu);
constexpr std::int32_t kMultiplierBits = 31;
// A bias takes half of what a sum may start with: the other half is for zeros of the inputs.
constexpr double kMostBiasQuanta = kMostInt8Bias / 2.0;

// The inputs of an affine step in bytes: one scale for each.
struct ByteInput {
  std::uint32_t slot = 0;
  std::vector<ByteRange> columns;
};

struct ByteWeights {
  std::vector<std::int8_t> weights;
  std::vector<std::int32_t> sums;  // minus what the inputs' zeros add
  std::vector<double> scales;
};

// Where the bias is in the sums, a quantum of theirs is no finer than it allows.
ByteWeights byte_weights(const QuantizeSource& source, const GraphStep& step,
                         const ByteInput& input, bool sums_have_bias) {
  const std::size_t inputs = input.columns.size();
  const std::size_t groups = int8_groups(inputs);
  const std::size_t lanes = int8_panels(step.width) * kInt8Lanes;
  const auto* bias = source.graph().tensor<float>(step, 1);
  ByteWeights made{std::vector<std::int8_t>(lanes * groups * 4), std::vector<std::int32_t>(lanes),
                   std::vector<double>(lanes)};
  for (std::size_t k = 0; k < step.width; ++k) {
    double most = 0;
    for (std::size_t j = 0; j < inputs; ++j) {
      most = std::max(most, std::abs(source.weight(step, j, k)) * input.columns[j].scale);
    }
    made.scales[k] = most / 127;
    if (sums_have_bias && most > 0) {
      made.scales[k] = std::max(made.scales[k], std::abs(double{bias[k]}) / kMostBiasQuanta);
    }
    for (std::size_t j = 0; most > 0 && j < inputs; ++j) {
      const double value = source.weight(step, j, k) * input.columns[j].scale;
      const double whole = std::clamp(std::floor(value / made.scales[k] + 0.5), -127.0, 127.0);
      const auto weight = static_cast<std::int8_t>(whole);
      const std::size_t line = k / kInt8Lanes * groups + j / 4;
      made.weights[line * kInt8LineBytes + k % kInt8Lanes * 4 + j % 4] = weight;
      made.sums[k] -= weight * input.columns[j].zero;
    }
  }
  return made;
}

class Quantizer {
 public:
  Quantizer(const Graph& graph, const Rows& rows, RangeRule calibration)
      : source_(graph, rows, WholeSteps::kTables, kMostInt8Inputs),
        calibration_(calibration),
        net_(graph.features, graph.number),
        floats_(source_.slots()),
        bytes_(source_.slots()) {}

  QuantizedGraph run() {
    for (std::uint32_t slot = 0; slot < source_.slots(); ++slot) add_slot(slot);
    if (!has_bytes_) throw unsupported("quantize: the net has no affine step of floats");
    return source_.compared(
        net_.finish(floats_[source_.graph().raw_steps]),
        [this](const Graph& made, std::uint32_t slot) { return answers(made, slot); });
  }

 private:
  void add_slot(std::uint32_t slot) {
    if (source_.wants_floats(slot) && slot > 0) {
      floats_[slot] = source_.is_affine(slot)
                          ? add_affine(slot, slot, NumberKind::kFloat)
                          : net_.copy(source_.graph(), source_.step_of(slot), floats_);
    }
    if (!source_.wants_whole(slot)) return;
    if (source_.wants_floats(slot) || slot == 0) {
      add_quantize(slot);
    } else if (source_.is_clamp(slot)) {
      bytes_[slot] = bytes_[source_.source(slot)];
    } else if (source_.is_affine(slot)) {
      bytes_[slot].slot = add_affine(slot, source_.end_of(slot), NumberKind::kByte);
    } else {
      add_table(slot);
    }
  }

  void add_quantize(std::uint32_t slot) {
    std::vector<double> factors;
    std::vector<double> zeros;
    if (feeds_table(slot)) {
      bytes_[slot].columns.assign(source_.graph().width(slot), range_of(slot));
    } else {
      for (std::vector<float>& column : source_.columns(slot)) {
        bytes_[slot].columns.push_back(byte_range(column, calibration_));
      }
    }
    for (const ByteRange& range : bytes_[slot].columns) {
      factors.push_back(1 / range.scale);
      zeros.push_back(range.zero);
    }
    net_.add_tensor(factors, NumberKind::kFloat);
    net_.add_tensor(zeros, NumberKind::kFloat);
    bytes_[slot].slot = add(StepKind::kQuantize, NumberKind::kByte, factors.size(), floats_[slot]);
  }

  // All columns share a table, and so what a byte stands for.
  bool feeds_table(std::uint32_t slot) const {
    for (std::uint32_t later = slot + 1; later < source_.slots(); ++later) {
      if (source_.is_table(later) && source_.source(later) == slot) return true;
    }
    return false;
  }

  std::uint32_t add(StepKind kind, NumberKind number, std::size_t width, std::uint32_t from,
                    std::uint32_t option = 0, double parameter = 0) {
    GraphStep step{.kind = kind, .option = option, .number = number};
    step.width = static_cast<std::uint32_t>(width);
    step.parameter = parameter;
    return net_.add(step, {&from, 1});
  }

  ByteRange range_of(std::uint32_t slot) const {
    std::vector<float> found = source_.values(slot);
    return byte_range(found, calibration_);
  }

  // Step `slot` whose answer is what slot `end` holds: the same, or its ReLU.
  std::uint32_t add_affine(std::uint32_t slot, std::uint32_t end, NumberKind number) {
    has_bytes_ = true;
    const GraphStep& step = source_.step_of(slot);
    const ByteInput& input = bytes_[source_.source(slot)];
    const bool to_bytes = number == NumberKind::kByte;
    const ByteWeights made = byte_weights(source_, step, input, to_bytes);
    const auto* bias = source_.graph().tensor<float>(step, 1);
    ByteRange range = to_bytes ? range_of(end) : ByteRange{};
    // A sum's quantum is no more than the byte's, so that a multiplier is below 1.
    if (to_bytes) {
      const double most = *std::ranges::max_element(made.scales);
      range.scale = std::max(range.scale, most * 1.0001);
      bytes_[slot].columns.assign(step.width, range);
    }
    std::vector<std::uint32_t> words(int8_panels(step.width) * kInt8ChannelWords);
    for (std::size_t k = 0; k < made.scales.size(); ++k) {
      std::uint32_t* at = &words[k / kInt8Lanes * kInt8ChannelWords + k % kInt8Lanes];
      const double scale = made.scales[k];
      double sum = made.sums[k];
      at[2 * kInt8Lanes] = to_bytes ? kMostInt8Shift : 0;
      if (k < step.width && to_bytes) {
        // Weights of zero: the bias alone, of quanta of the bytes.
        const double quantum = scale > 0 ? scale : range.scale / 2;
        sum += std::floor(bias[k] / quantum + 0.5);
        const Fraction part = fraction_of(quantum / range.scale, kMultiplierBits);
        at[kInt8Lanes] = static_cast<std::uint32_t>(part.multiplier);
        at[2 * kInt8Lanes] = static_cast<std::uint32_t>(part.shift);
      } else if (k < step.width) {
        at[kInt8Lanes] = std::bit_cast<std::uint32_t>(static_cast<float>(scale));
        at[2 * kInt8Lanes] = std::bit_cast<std::uint32_t>(bias[k]);
      }
      const double most = kMostInt8Bias;
      at[0] = static_cast<std::uint32_t>(static_cast<std::int32_t>(std::clamp(sum, -most, most)));
    }
    net_.add_bytes(std::as_bytes(std::span(made.weights)), made.weights.size(), TensorKind::kByte);
    net_.add_indices(words);
    return add(StepKind::kByteAffine, number, step.width, input.slot, end != slot ? kRelu : 0,
               range.zero);
  }

  void add_table(std::uint32_t slot) {
    const ByteRange from = bytes_[source_.source(slot)].columns.front();
    const ByteRange to = range_of(slot);
    std::vector<std::byte> table(256);
    for (std::int32_t byte = 0; byte < 256; ++byte) {
      const float x = from.value(byte);
      float y = 0;
      activate(static_cast<Activation>(source_.step_of(slot).option),
               source_.step_of(slot).parameter, &x, &y, 1);
      table[static_cast<std::size_t>(byte)] = static_cast<std::byte>(to.byte(y));
    }
    net_.add_bytes(table, table.size(), TensorKind::kByte);
    const std::size_t width = source_.graph().width(slot);
    bytes_[slot].columns.assign(width, to);
    bytes_[slot].slot =
        add(StepKind::kByteTable, NumberKind::kByte, width, bytes_[source_.source(slot)].slot);
  }

  std::vector<float> answers(const Graph& made, std::uint32_t slot) const {
    if (source_.wants_floats(slot)) return slot_values(made, floats_[slot], source_.rows());
    if (!source_.wants_whole(slot)) return {};
    std::vector<std::uint8_t> bytes(source_.rows().count * source_.graph().width(slot));
    slot_numbers(made, bytes_[slot].slot, source_.rows(), bytes.data());
    std::vector<float> values(bytes.size());
    std::ranges::transform(bytes, values.begin(), [&](std::uint8_t byte) {
      return bytes_[slot].columns.front().value(byte);
    });
    return values;
  }

  const QuantizeSource source_;
  RangeRule calibration_;
  GraphBuilder net_;
  std::vector<std::uint32_t> floats_;  // slots of the graph that is made
  std::vector<ByteInput> bytes_;
  bool has_bytes_ = false;
};

}  // namespace

QuantizedGraph quantize_graph(const Graph& graph, const Rows& rows, RangeRule calibration) {
  return Quantizer(graph, rows, calibration).run();
}

}  // namespace kedge

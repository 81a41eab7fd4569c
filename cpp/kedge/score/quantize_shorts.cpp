#include "kedge/score/quantize_shorts.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "kedge/base/error.h"
#include "kedge/kernels/dense_int16.h"
#include "kedge/model/graph_builder.h"
#include "kedge/score/quantize_source.h"
#include "kedge/score/short_scale.h"

namespace kedge {
namespace {

// Sums of a block after rounding, half a quantum each, stay within kMostInt16Weights.
constexpr double kMostBlock = kMostInt16Weights - kInt16Block / 2.0 - 1;
// A sum's quantum is no less than this part of the short's: biases fit, and nothing is lost.
constexpr double kFinest = 1.0 / (1 << 22);

// The inputs of an affine step in int16: one scale for each.
struct ShortInput {
  std::uint32_t slot = 0;
  std::vector<double> scales;
};

class ShortQuantizer {
 public:
  ShortQuantizer(const Graph& graph, const Rows& rows, RangeRule calibration)
      : source_(graph, rows, WholeSteps::kClamps, kMostInt16Inputs),
        calibration_(calibration),
        net_(graph.features, graph.number),
        floats_(source_.slots()),
        shorts_(source_.slots()) {}

  QuantizedGraph run() {
    for (std::uint32_t slot = 0; slot < source_.slots(); ++slot) add_slot(slot);
    if (!has_shorts_) throw unsupported("quantize: the net has no affine step of floats");
    return source_.compared(
        net_.finish(floats_[source_.graph().raw_steps]),
        [this](const Graph& made, std::uint32_t slot) { return answers(made, slot); });
  }

 private:
  void add_slot(std::uint32_t slot) {
    if (source_.wants_floats(slot) && slot > 0) {
      floats_[slot] = source_.is_affine(slot)
                          ? add_affine(slot, NumberKind::kFloat)
                          : net_.copy(source_.graph(), source_.step_of(slot), floats_);
    }
    if (!source_.wants_whole(slot)) return;
    if (source_.wants_floats(slot) || slot == 0) {
      add_quantize(slot);
    } else if (source_.is_clamp(slot)) {
      shorts_[slot] = shorts_[source_.source(slot)];
    } else {
      shorts_[slot].slot = add_affine(slot, NumberKind::kShort);
    }
  }

  void add_quantize(std::uint32_t slot) {
    std::vector<double> factors;
    for (std::vector<float>& column : source_.columns(slot)) {
      shorts_[slot].scales.push_back(short_scale(column, calibration_));
      factors.push_back(1 / shorts_[slot].scales.back());
    }
    net_.add_tensor(factors, NumberKind::kFloat);
    GraphStep step{.kind = StepKind::kQuantizeShort, .number = NumberKind::kShort};
    step.width = static_cast<std::uint32_t>(factors.size());
    shorts_[slot].slot = net_.add(step, {&floats_[slot], 1});
  }

  std::uint32_t add_affine(std::uint32_t slot, NumberKind number) {
    has_shorts_ = true;
    const GraphStep& step = source_.step_of(slot);
    const ShortInput& input = shorts_[source_.source(slot)];
    const std::uint32_t end = source_.end_of(slot);
    std::vector<double> quanta(step.width);  // of each output's sums
    for (std::size_t k = 0; k < step.width; ++k) quanta[k] = least_quantum(step, input, k);
    double scale = 0;
    if (number == NumberKind::kShort) {
      std::vector<float> found = source_.values(end);
      // Above each quantum, so that a multiplier is below 1.
      scale = std::max(short_scale(found, calibration_), std::ranges::max(quanta) * 1.0001);
      for (double& quantum : quanta) quantum = std::max(quantum, scale * kFinest);
      shorts_[slot].scales.assign(step.width, scale);
    }
    add_weights(step, input, quanta);
    add_channels(step, quanta, scale);
    GraphStep made{
        .kind = StepKind::kShortAffine,
        .option = static_cast<std::uint32_t>(end != slot ? Activation::kRelu : Activation::kNone),
        .number = number};
    made.width = step.width;
    return net_.add(made, {&input.slot, 1});
  }

  // The finest at which the weights of output k and their sums fit.
  double least_quantum(const GraphStep& step, const ShortInput& input, std::size_t k) const {
    double quantum = 0;
    double block = 0;
    for (std::size_t j = 0; j < input.scales.size(); ++j) {
      if (j % kInt16Block == 0) block = 0;
      const double size = std::abs(source_.weight(step, j, k)) * input.scales[j];
      block += size;
      quantum = std::max({quantum, size / kMostInt16, block / kMostBlock});
    }
    return quantum;
  }

  void add_weights(const GraphStep& step, const ShortInput& input,
                   const std::vector<double>& quanta) {
    const std::size_t pairs = int16_pairs(input.scales.size());
    std::vector<std::int16_t> weights(int16_panels(step.width) * pairs * kInt16LineNumbers);
    for (std::size_t k = 0; k < step.width; ++k) {
      for (std::size_t j = 0; quanta[k] > 0 && j < input.scales.size(); ++j) {
        const double value = source_.weight(step, j, k) * input.scales[j] / quanta[k];
        const double whole = std::clamp<double>(std::floor(value + 0.5), -kMostInt16, kMostInt16);
        const std::size_t line = k / kInt16Lanes * pairs + j / 2;
        weights[line * kInt16LineNumbers + k % kInt16Lanes * 2 + j % 2] =
            static_cast<std::int16_t>(whole);
      }
    }
    const auto bytes = std::as_bytes(std::span(weights));
    net_.add_bytes(bytes, bytes.size(), TensorKind::kByte);
  }

  // To shorts of `scale`; to floats when that is 0.
  void add_channels(const GraphStep& step, const std::vector<double>& quanta, double scale) {
    const auto* bias = source_.graph().tensor<float>(step, 1);
    std::vector<std::uint32_t> words(int16_panels(step.width) * kInt16ChannelWords);
    for (std::size_t k = 0; k < int16_panels(step.width) * kInt16Lanes; ++k) {
      std::uint32_t* at = &words[k / kInt16Lanes * kInt16ChannelWords];
      const std::size_t lane = k % kInt16Lanes;
      Fraction part;
      if (k < step.width && scale > 0) {
        const double most = static_cast<double>(kMostInt16Bias);
        const auto sum = static_cast<std::int64_t>(
            std::clamp(std::floor(bias[k] / quanta[k] + 0.5), -most, most));
        at[2 * lane] = static_cast<std::uint32_t>(sum);
        at[2 * lane + 1] = static_cast<std::uint32_t>(sum >> 32);
        part = fraction_of(quanta[k] / scale, kInt16MultiplierBits);
      } else if (k < step.width) {
        part = {std::bit_cast<std::int32_t>(static_cast<float>(quanta[k])),
                std::bit_cast<std::int32_t>(bias[k])};
      }
      at[2 * kInt16Lanes + lane] = static_cast<std::uint32_t>(part.multiplier);
      at[3 * kInt16Lanes + lane] = static_cast<std::uint32_t>(part.shift);
    }
    net_.add_indices(words);
  }

  std::vector<float> answers(const Graph& made, std::uint32_t slot) const {
    if (source_.wants_floats(slot)) return slot_values(made, floats_[slot], source_.rows());
    if (!source_.wants_whole(slot)) return {};
    std::vector<std::int16_t> shorts(source_.rows().count * source_.graph().width(slot));
    slot_numbers(made, shorts_[slot].slot, source_.rows(), shorts.data());
    std::vector<float> values(shorts.size());
    const double scale = shorts_[slot].scales.front();
    std::ranges::transform(shorts, values.begin(),
                           [&](std::int16_t number) { return static_cast<float>(number * scale); });
    return values;
  }

  const QuantizeSource source_;
  RangeRule calibration_;
  GraphBuilder net_;
  std::vector<std::uint32_t> floats_;  // slots of the graph that is made
  std::vector<ShortInput> shorts_;
  bool has_shorts_ = false;
};

}  // namespace

QuantizedGraph quantize_shorts(const Graph& graph, const Rows& rows, RangeRule calibration) {
  return ShortQuantizer(graph, rows, calibration).run();
}

}  // namespace kedge

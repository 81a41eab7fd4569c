#include "kedge/score/quantize_graph.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "kedge/base/error.h"
#include "kedge/kernels/dense_int8.h"
#include "kedge/model/graph_builder.h"
#include "kedge/score/activate.h"
#include "kedge/score/byte_range.h"
#include "kedge/score/plan.h"

namespace kedge {
namespace {

constexpr std::uint32_t kRelu = static_cast<std::uint32_t>(Activation::kRelu);

// What a slot of floats holds for each row.
std::vector<float> slot_values(const Graph& graph, std::uint32_t slot, const Rows& rows) {
  std::vector<float> values(rows.count * graph.width(slot));
  if (slot == 0) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<float>(rows.value(i / graph.features, i % graph.features));
    }
    return values;
  }
  Graph part = graph;
  part.steps = graph.steps.first(slot);
  part.raw_steps = slot;
  Plan(part, RankedForest{}).score(rows, values.data(), true);
  return values;
}

// multiplier / 2^shift, the nearest to `factor` < 1.
struct Fraction {
  std::int32_t multiplier = 0;
  std::int32_t shift = kMostInt8Shift;
};
Fraction fraction_of(double factor) {
  if (factor <= 0) return {};
  int exponent = 0;
  (void)std::frexp(factor, &exponent);
  std::int32_t shift = std::min(31 - exponent, kMostInt8Shift);
  double scaled = std::floor(std::ldexp(factor, shift) + 0.5);
  if (scaled >= 2147483648.0) {  // rounded up to the next power of two
    scaled = 1073741824.0;
    --shift;
  }
  return {static_cast<std::int32_t>(scaled), shift};
}

// The inputs of an affine step in bytes: one scale for each.
struct ByteInput {
  std::uint32_t slot = 0;
  std::vector<ByteRange> columns;
};

// The weights of an affine step, input by input, as the caller of GraphBuilder gave them.
double weight_of(const Graph& graph, const GraphStep& step, std::size_t inputs, std::size_t j,
                 std::size_t k) {
  constexpr std::size_t kLanes = panel_lanes(NumberKind::kFloat);
  return graph.tensor<float>(step, 0)[(k / kLanes * inputs + j) * kLanes + k % kLanes];
}

struct ByteWeights {
  std::vector<std::int8_t> weights;
  std::vector<std::int32_t> sums;  // minus what the inputs' zeros add
  std::vector<double> scales;
};

ByteWeights byte_weights(const Graph& graph, const GraphStep& step, const ByteInput& input) {
  const std::size_t inputs = input.columns.size();
  const std::size_t groups = int8_groups(inputs);
  const std::size_t lanes = int8_panels(step.width) * kInt8Lanes;
  ByteWeights made{std::vector<std::int8_t>(lanes * groups * 4), std::vector<std::int32_t>(lanes),
                   std::vector<double>(lanes)};
  for (std::size_t k = 0; k < step.width; ++k) {
    double most = 0;
    for (std::size_t j = 0; j < inputs; ++j) {
      most =
          std::max(most, std::abs(weight_of(graph, step, inputs, j, k)) * input.columns[j].scale);
    }
    made.scales[k] = most / 127;
    for (std::size_t j = 0; most > 0 && j < inputs; ++j) {
      const double value = weight_of(graph, step, inputs, j, k) * input.columns[j].scale;
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
      : graph_(graph),
        rows_(rows),
        calibration_(calibration),
        net_(graph.features, graph.number),
        uses_(graph.steps.size() + 1),
        wants_bytes_(uses_.size()),
        wants_floats_(uses_.size()),
        floats_(uses_.size()),
        bytes_(uses_.size()) {}

  QuantizedGraph run() {
    find_wants();
    for (std::uint32_t slot = 0; slot < uses_.size(); ++slot) add_slot(slot);
    if (!has_bytes_) throw unsupported("quantize: the net has no affine step of floats");
    QuantizedGraph made;
    made.graph = net_.finish(floats_[graph_.raw_steps]);
    for (std::uint32_t slot = 1; slot < uses_.size(); ++slot) {
      if (is_affine(slot) && slot != graph_.raw_steps) {
        made.steps.push_back(error_of(made.graph, slot, text("affine ", slot - 1)));
      }
    }
    made.steps.push_back(error_of(made.graph, graph_.raw_steps, "raw scores"));
    return made;
  }

 private:
  const GraphStep& step_of(std::uint32_t slot) const { return graph_.steps[slot - 1]; }
  std::uint32_t source(std::uint32_t slot) const { return graph_.input(step_of(slot), 0); }

  bool is_affine(std::uint32_t slot) const {
    return slot > 0 && step_of(slot).kind == StepKind::kAffine && step_of(slot).repeat == 1 &&
           step_of(slot).number == NumberKind::kFloat &&
           graph_.width(source(slot)) <= kMostInt8Inputs;
  }
  // ReLU of an affine step that nobody else reads: the clamp of its bytes.
  bool is_clamp(std::uint32_t slot) const {
    return slot > 0 && step_of(slot).kind == StepKind::kActivate && step_of(slot).option == kRelu &&
           is_affine(source(slot)) && uses_[source(slot)] == 1;
  }

  void find_wants() {
    for (const std::uint32_t slot : graph_.inputs) ++uses_[slot];
    ++uses_[graph_.raw_steps];
    wants_floats_[graph_.raw_steps] = wants_floats_.back() = true;
    for (auto slot = static_cast<std::uint32_t>(graph_.steps.size()); slot > 0; --slot) {
      if (is_affine(slot)) {
        if (wants_bytes_[slot] || wants_floats_[slot]) wants_bytes_[source(slot)] = true;
      } else if (step_of(slot).kind == StepKind::kActivate &&
                 step_of(slot).number == NumberKind::kFloat && !wants_floats_[slot]) {
        if (wants_bytes_[slot]) wants_bytes_[source(slot)] = true;
      } else if (wants_bytes_[slot] || wants_floats_[slot]) {
        wants_floats_[slot] = true;
        for (std::size_t i = 0; i < step_of(slot).inputs; ++i) {
          wants_floats_[graph_.input(step_of(slot), i)] = true;
        }
      }
    }
  }

  void add_slot(std::uint32_t slot) {
    if (wants_floats_[slot] && slot > 0) {
      floats_[slot] = is_affine(slot) ? add_affine(slot, slot, NumberKind::kFloat) : copy(slot);
    }
    if (!wants_bytes_[slot]) return;
    if (wants_floats_[slot] || slot == 0) {
      add_quantize(slot);
    } else if (is_clamp(slot)) {
      bytes_[slot] = bytes_[source(slot)];
    } else if (is_affine(slot)) {
      add_byte_affine(slot);
    } else {
      add_table(slot);
    }
  }

  std::vector<float> values(std::uint32_t slot) const {
    std::vector<float> found = slot_values(graph_, slot, rows_);
    const bool is_finite = std::ranges::all_of(found, [](float v) { return std::isfinite(v); });
    if (!is_finite) {
      throw invalid_argument("quantize: a value of slot ", slot,
                             " is not finite for the reference's rows");
    }
    return found;
  }

  void add_quantize(std::uint32_t slot) {
    const std::vector<float> found = values(slot);
    const std::size_t width = graph_.width(slot);
    std::vector<double> factors;
    std::vector<double> zeros;
    std::vector<float> column(rows_.count);
    for (std::size_t j = 0; j < width; ++j) {
      for (std::size_t i = 0; i < rows_.count; ++i) column[i] = found[i * width + j];
      bytes_[slot].columns.push_back(byte_range(column, calibration_));
      factors.push_back(1 / bytes_[slot].columns.back().scale);
      zeros.push_back(bytes_[slot].columns.back().zero);
    }
    net_.add_tensor(factors, NumberKind::kFloat);
    net_.add_tensor(zeros, NumberKind::kFloat);
    bytes_[slot].slot = add(StepKind::kQuantize, NumberKind::kByte, width, floats_[slot]);
  }

  std::uint32_t add(StepKind kind, NumberKind number, std::size_t width, std::uint32_t from,
                    std::uint32_t option = 0, double parameter = 0) {
    GraphStep step{.kind = kind, .option = option, .number = number};
    step.width = static_cast<std::uint32_t>(width);
    step.parameter = parameter;
    return net_.add(step, {&from, 1});
  }

  ByteRange range_of(std::uint32_t slot) const {
    std::vector<float> found = values(slot);
    return byte_range(found, calibration_);
  }

  void add_byte_affine(std::uint32_t slot) {
    std::uint32_t end = slot;
    for (std::uint32_t later = slot + 1; later < uses_.size(); ++later) {
      if (is_clamp(later) && source(later) == slot) end = later;
    }
    bytes_[slot].slot = add_affine(slot, end, NumberKind::kByte);
  }

  // Step `slot` whose answer is what slot `end` holds: the same, or its ReLU.
  std::uint32_t add_affine(std::uint32_t slot, std::uint32_t end, NumberKind number) {
    has_bytes_ = true;
    const GraphStep& step = step_of(slot);
    const ByteInput& input = bytes_[source(slot)];
    const ByteWeights made = byte_weights(graph_, step, input);
    const auto* bias = graph_.tensor<float>(step, 1);
    const bool to_bytes = number == NumberKind::kByte;
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
        const Fraction part = fraction_of(quantum / range.scale);
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
    const ByteRange from = bytes_[source(slot)].columns.front();
    const ByteRange to = range_of(slot);
    std::vector<std::byte> table(256);
    for (std::int32_t byte = 0; byte < 256; ++byte) {
      const float x = from.value(byte);
      float y = 0;
      activate(static_cast<Activation>(step_of(slot).option), step_of(slot).parameter, &x, &y, 1);
      table[static_cast<std::size_t>(byte)] = static_cast<std::byte>(to.byte(y));
    }
    net_.add_bytes(table, table.size(), TensorKind::kByte);
    const std::size_t width = graph_.width(slot);
    bytes_[slot].columns.assign(width, to);
    bytes_[slot].slot =
        add(StepKind::kByteTable, NumberKind::kByte, width, bytes_[source(slot)].slot);
  }

  std::uint32_t copy(std::uint32_t slot) {
    const GraphStep& step = step_of(slot);
    for (std::size_t i = 0; i < step.tensors; ++i) {
      const GraphTensor& tensor = graph_.tensors[step.first_tensor + i];
      const std::size_t each = tensor.kind == TensorKind::kDouble ? 8 : 4;
      net_.add_bytes(graph_.weights.subspan(tensor.offset, tensor.count * each), tensor.count,
                     tensor.kind);
    }
    std::vector<std::uint32_t> from;
    from.reserve(step.inputs);
    for (std::size_t i = 0; i < step.inputs; ++i) from.push_back(floats_[graph_.input(step, i)]);
    return net_.add(step, from);
  }

  // A clamp's bytes are held against the ReLU.
  StepError error_of(const Graph& made, std::uint32_t slot, std::string name) const {
    std::uint32_t end = slot;
    for (std::uint32_t later = slot + 1; later < uses_.size(); ++later) {
      if (!wants_floats_[slot] && is_clamp(later) && source(later) == slot) end = later;
    }
    const std::vector<float> wanted = slot_values(graph_, end, rows_);
    const std::vector<float> got = answers(made, slot);
    StepError error{std::move(name)};
    if (got.empty() || wanted.empty()) return error;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const double off = std::abs(double{got[i]} - double{wanted[i]});
      error.largest = std::max(error.largest, off);
      error.mean += off / static_cast<double>(wanted.size());
    }
    error.range = double{std::ranges::max(wanted)} - double{std::ranges::min(wanted)};
    return error;
  }

  std::vector<float> answers(const Graph& made, std::uint32_t slot) const {
    if (wants_floats_[slot]) return slot_values(made, floats_[slot], rows_);
    if (!wants_bytes_[slot]) return {};
    Graph part = made;
    part.steps = made.steps.first(bytes_[slot].slot);
    part.raw_steps = bytes_[slot].slot;
    std::vector<std::uint8_t> bytes(rows_.count * graph_.width(slot));
    Plan(part, RankedForest{}).score(rows_, bytes.data(), true);
    std::vector<float> values(bytes.size());
    std::ranges::transform(bytes, values.begin(), [&](std::uint8_t byte) {
      return bytes_[slot].columns.front().value(byte);
    });
    return values;
  }

  const Graph& graph_;
  const Rows& rows_;
  RangeRule calibration_;
  GraphBuilder net_;
  std::vector<std::uint32_t> uses_;
  std::vector<bool> wants_bytes_;
  std::vector<bool> wants_floats_;
  std::vector<std::uint32_t> floats_;  // slots of the graph that is made
  std::vector<ByteInput> bytes_;
  bool has_bytes_ = false;
};

}  // namespace

QuantizedGraph quantize_graph(const Graph& graph, const Rows& rows, RangeRule calibration) {
  if (rows.count == 0) throw invalid_argument("quantize: the reference has no rows");
  return Quantizer(graph, rows, calibration).run();
}

}  // namespace kedge

#include "kedge/model/graph_builder.h"

#include <algorithm>

#include "kedge/base/buffer.h"
#include "kedge/base/error.h"

namespace kedge {
namespace {

// What a finished graph points into.
struct Held {
  std::vector<GraphStep> steps;
  std::vector<std::uint32_t> inputs;
  std::vector<GraphTensor> tensors;
  Buffer weights;
};

std::vector<double> panels_of(std::span<const double> weights, std::size_t outputs,
                              std::size_t inputs, NumberKind number) {
  const std::size_t lanes = panel_lanes(number);
  std::vector<double> panels(padded_width(outputs, number) * inputs);
  for (std::size_t j = 0; j < inputs; ++j) {
    for (std::size_t k = 0; k < outputs; ++k) {
      panels[(k / lanes * inputs + j) * lanes + k % lanes] = weights[j * outputs + k];
    }
  }
  return panels;
}

}  // namespace

GraphBuilder::GraphBuilder(std::size_t features, NumberKind number)
    : features_(static_cast<std::uint32_t>(features)), number_(number) {}

std::size_t GraphBuilder::width(std::uint32_t slot) const noexcept {
  return slot == 0 ? features_ : steps_[slot - 1].width;
}

NumberKind GraphBuilder::number_of(std::uint32_t slot) const noexcept {
  return slot == 0 ? number_ : steps_[slot - 1].number;
}

std::uint32_t GraphBuilder::add(GraphStep step, std::span<const std::uint32_t> slots) {
  step.first_input = static_cast<std::uint32_t>(inputs_.size());
  step.inputs = static_cast<std::uint32_t>(slots.size());
  step.first_tensor = static_cast<std::uint32_t>(tensors_used_);
  step.tensors = static_cast<std::uint32_t>(tensors_.size() - tensors_used_);
  tensors_used_ = tensors_.size();
  inputs_.insert(inputs_.end(), slots.begin(), slots.end());
  steps_.push_back(step);
  return static_cast<std::uint32_t>(steps_.size());
}

std::uint32_t GraphBuilder::add_one(StepKind kind, std::uint32_t slot, std::size_t width) {
  GraphStep step{.kind = kind, .number = number_of(slot)};
  step.width = static_cast<std::uint32_t>(width);
  return add(step, {&slot, 1});
}

void GraphBuilder::add_bytes(std::span<const std::byte> bytes, std::size_t count, TensorKind kind) {
  weights_.resize((weights_.size() + kCacheLine - 1) / kCacheLine * kCacheLine);
  tensors_.push_back({weights_.size(), count, kind});
  weights_.insert(weights_.end(), bytes.begin(), bytes.end());
}

void GraphBuilder::add_tensor(std::span<const double> values, NumberKind number) {
  if (number == NumberKind::kDouble) {
    return add_bytes(std::as_bytes(values), values.size(), TensorKind::kDouble);
  }
  std::vector<float> narrow(values.size());
  std::ranges::transform(values, narrow.begin(), [](double v) { return static_cast<float>(v); });
  add_bytes(std::as_bytes(std::span(narrow)), values.size(), TensorKind::kFloat);
}

void GraphBuilder::add_indices(std::span<const std::uint32_t> values) {
  add_bytes(std::as_bytes(values), values.size(), TensorKind::kIndex);
}

std::uint32_t GraphBuilder::copy(const Graph& from, const GraphStep& step,
                                 std::span<const std::uint32_t> slots) {
  for (std::size_t i = 0; i < step.tensors; ++i) {
    const GraphTensor& tensor = from.tensors[step.first_tensor + i];
    const std::size_t size = tensor.count * element_size(tensor.kind);
    add_bytes(from.weights.subspan(tensor.offset, size), tensor.count, tensor.kind);
  }
  std::vector<std::uint32_t> inputs;
  inputs.reserve(step.inputs);
  for (std::size_t i = 0; i < step.inputs; ++i) inputs.push_back(slots[from.input(step, i)]);
  return add(step, inputs);
}

std::uint32_t GraphBuilder::affine(std::uint32_t slot, std::size_t outputs,
                                   std::span<const double> weights, std::span<const double> bias,
                                   std::uint32_t repeat) {
  const std::size_t inputs = width(slot) / repeat;
  if (weights.size() != inputs * outputs || (!bias.empty() && bias.size() != outputs)) {
    throw corrupt_data("graph: ", weights.size(), " weights and ", bias.size(), " biases for ",
                       inputs, " inputs and ", outputs, " outputs");
  }
  const NumberKind number = number_of(slot);
  add_tensor(panels_of(weights, outputs, inputs, number), number);
  std::vector<double> padded(bias.begin(), bias.end());
  padded.resize(padded_width(outputs, number));
  add_tensor(padded, number);
  GraphStep step{.kind = StepKind::kAffine, .number = number};
  step.width = static_cast<std::uint32_t>(outputs * repeat);
  step.repeat = repeat;
  return add(step, {&slot, 1});
}

std::uint32_t GraphBuilder::activate(std::uint32_t slot, Activation activation, double alpha) {
  GraphStep step{.kind = StepKind::kActivate, .option = static_cast<std::uint32_t>(activation)};
  step.number = number_of(slot);
  step.width = static_cast<std::uint32_t>(width(slot));
  step.parameter = alpha;
  return add(step, {&slot, 1});
}

std::uint32_t GraphBuilder::combine(Combination with, std::uint32_t slot, std::uint32_t other) {
  GraphStep step{.kind = StepKind::kCombine, .option = static_cast<std::uint32_t>(with)};
  step.number = number_of(slot);
  step.width = static_cast<std::uint32_t>(width(slot));
  const std::uint32_t slots[] = {slot, other};
  return add(step, slots);
}

std::uint32_t GraphBuilder::combine(Combination with, std::uint32_t slot,
                                    std::span<const double> constant) {
  add_tensor(constant, number_of(slot));
  GraphStep step{.kind = StepKind::kCombine, .option = static_cast<std::uint32_t>(with)};
  step.number = number_of(slot);
  step.width = static_cast<std::uint32_t>(width(slot));
  return add(step, {&slot, 1});
}

std::uint32_t GraphBuilder::select(std::uint32_t slot, std::span<const std::uint32_t> columns,
                                   double otherwise) {
  add_indices(columns);
  const std::uint32_t out = add_one(StepKind::kSelect, slot, columns.size());
  steps_.back().parameter = otherwise;
  return out;
}

std::uint32_t GraphBuilder::concat(std::span<const std::uint32_t> slots) {
  GraphStep step{.kind = StepKind::kConcat, .number = number_of(slots.front())};
  for (const std::uint32_t slot : slots) step.width += static_cast<std::uint32_t>(width(slot));
  return add(step, slots);
}

std::uint32_t GraphBuilder::softmax(std::uint32_t slot, std::uint32_t repeat) {
  const std::uint32_t out = add_one(StepKind::kSoftmax, slot, width(slot));
  steps_.back().repeat = repeat;
  return out;
}

std::uint32_t GraphBuilder::layer_norm(std::uint32_t slot, std::span<const double> scale,
                                       std::span<const double> shift, double epsilon,
                                       std::uint32_t repeat) {
  add_tensor(scale, number_of(slot));
  add_tensor(shift, number_of(slot));
  const std::uint32_t out = add_one(StepKind::kLayerNorm, slot, width(slot));
  steps_.back().repeat = repeat;
  steps_.back().parameter = epsilon;
  return out;
}

std::uint32_t GraphBuilder::convert(std::uint32_t slot, NumberKind number) {
  if (number_of(slot) == number) return slot;
  const std::uint32_t out = add_one(StepKind::kConvert, slot, width(slot));
  steps_.back().number = number;
  return out;
}

std::uint32_t GraphBuilder::look_up(std::uint32_t slot, std::span<const double> table,
                                    std::size_t row_width) {
  add_tensor(table, number_of(slot));
  const std::size_t columns = width(slot);
  const std::uint32_t out = add_one(StepKind::kLookUp, slot, columns * row_width);
  steps_.back().repeat = static_cast<std::uint32_t>(columns);
  return out;
}

std::uint32_t GraphBuilder::reduce(std::uint32_t slot, Reduction how, std::uint32_t repeat) {
  const std::uint32_t out = add_one(StepKind::kReduce, slot, repeat);
  steps_.back().option = static_cast<std::uint32_t>(how);
  steps_.back().repeat = repeat;
  return out;
}

std::uint32_t GraphBuilder::extreme(std::uint32_t slot, Reduction how, std::uint32_t repeat) {
  const std::uint32_t out = reduce(slot, how, repeat);
  steps_.back().parameter = 1;
  return out;
}

std::uint32_t GraphBuilder::fill(std::uint32_t slot, std::span<const double> values) {
  add_tensor(values, number_of(slot));
  return add_one(StepKind::kFill, slot, width(slot));
}

std::uint32_t GraphBuilder::missing(std::uint32_t slot) {
  return add_one(StepKind::kMissing, slot, width(slot));
}

std::uint32_t GraphBuilder::place(std::uint32_t slot, Placing how,
                                  std::span<const double> numbers) {
  add_tensor(numbers, number_of(slot));
  const std::uint32_t out = add_one(StepKind::kPlace, slot, width(slot));
  steps_.back().option = static_cast<std::uint32_t>(how);
  return out;
}

std::uint32_t GraphBuilder::normalize(std::uint32_t slot, Norm norm) {
  const std::uint32_t out = add_one(StepKind::kNormalize, slot, width(slot));
  steps_.back().option = static_cast<std::uint32_t>(norm);
  return out;
}

std::uint32_t GraphBuilder::trees(std::uint32_t slot, std::size_t outputs, NumberKind number) {
  const std::uint32_t out = add_one(StepKind::kTrees, slot, outputs);
  steps_.back().number = number;
  return out;
}

std::uint32_t GraphBuilder::link(std::uint32_t slot) {
  return add_one(StepKind::kLink, slot, width(slot));
}

Graph GraphBuilder::finish(std::uint32_t raw) const {
  auto held = std::make_shared<Held>(Held{steps_, inputs_, tensors_, Buffer(weights_.size() + 1)});
  std::ranges::copy(weights_, held->weights.data());
  Graph graph;
  graph.features = features_;
  graph.number = number_;
  graph.raw_steps = raw;
  graph.steps = held->steps;
  graph.inputs = held->inputs;
  graph.tensors = held->tensors;
  graph.weights = {held->weights.data(), weights_.size()};
  graph.owner = std::move(held);
  check(graph);
  return graph;
}

}  // namespace kedge

// Makes a Graph step by step: what importers write to. A slot is named by its number.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kedge/model/graph.h"

namespace kedge {

class GraphBuilder {
 public:
  GraphBuilder(std::size_t features, NumberKind number);

  std::size_t width(std::uint32_t slot) const noexcept;
  NumberKind number_of(std::uint32_t slot) const noexcept;

  // That writes this slot, not 0; and its first input.
  const GraphStep& step(std::uint32_t slot) const noexcept { return steps_[slot - 1]; }
  std::uint32_t source(std::uint32_t slot) const noexcept {
    return inputs_[steps_[slot - 1].first_input];
  }
  std::uint32_t steps() const noexcept { return static_cast<std::uint32_t>(steps_.size()); }

  // Each returns the slot that the step writes. Weights are rounded to the slot's numbers.
  //
  // `weights` has a row of `outputs` numbers for each input of a part; no bias is zeros.
  std::uint32_t affine(std::uint32_t slot, std::size_t outputs, std::span<const double> weights,
                       std::span<const double> bias, std::uint32_t repeat = 1);
  std::uint32_t activate(std::uint32_t slot, Activation activation, double alpha = 0);
  std::uint32_t combine(Combination with, std::uint32_t slot, std::uint32_t other);
  std::uint32_t combine(Combination with, std::uint32_t slot, std::span<const double> constant);
  std::uint32_t select(std::uint32_t slot, std::span<const std::uint32_t> columns,
                       double otherwise = 0);
  std::uint32_t concat(std::span<const std::uint32_t> slots);
  std::uint32_t softmax(std::uint32_t slot, std::uint32_t repeat = 1);
  std::uint32_t layer_norm(std::uint32_t slot, std::span<const double> scale,
                           std::span<const double> shift, double epsilon, std::uint32_t repeat = 1);
  std::uint32_t convert(std::uint32_t slot, NumberKind number);
  std::uint32_t look_up(std::uint32_t slot, std::span<const double> table, std::size_t row_width);
  // NaN is the least and the largest where it comes first, and else passed over.
  std::uint32_t reduce(std::uint32_t slot, Reduction how, std::uint32_t repeat = 1);
  // kMin or kMax: NaN when any number is.
  std::uint32_t extreme(std::uint32_t slot, Reduction how, std::uint32_t repeat = 1);

  std::uint32_t fill(std::uint32_t slot, std::span<const double> values);
  std::uint32_t missing(std::uint32_t slot);
  std::uint32_t place(std::uint32_t slot, Placing how, std::span<const double> numbers);
  std::uint32_t normalize(std::uint32_t slot, Norm norm);
  std::uint32_t trees(std::uint32_t slot, std::size_t outputs, NumberKind number);
  std::uint32_t link(std::uint32_t slot);

  // A step of any kind, for what has no function of its own: tensors are added before it.
  std::uint32_t add(GraphStep step, std::span<const std::uint32_t> slots);
  void add_tensor(std::span<const double> values, NumberKind number);
  void add_indices(std::span<const std::uint32_t> values);
  // A step of another graph with its tensors; `slots` has, for each of its slots, the one here.
  std::uint32_t copy(const Graph& from, const GraphStep& step,
                     std::span<const std::uint32_t> slots);
  void add_bytes(std::span<const std::byte> bytes, std::size_t count, TensorKind kind);

  // `raw` is the slot of the raw scores. The last step's slot is the prediction.
  Graph finish(std::uint32_t raw) const;

 private:
  std::uint32_t add_one(StepKind kind, std::uint32_t slot, std::size_t width);

  std::uint32_t features_;
  NumberKind number_;
  std::vector<GraphStep> steps_;
  std::vector<std::uint32_t> inputs_;
  std::vector<GraphTensor> tensors_;
  std::vector<std::byte> weights_;
  std::size_t tensors_used_ = 0;
};

}  // namespace kedge

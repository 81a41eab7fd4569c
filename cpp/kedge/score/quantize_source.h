// A graph of floats that is to be quantised: what its slots hold over the rows of the calibration,
// and which of them become whole numbers when its affine steps do.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "kedge/model/graph.h"
#include "kedge/score/quantize_graph.h"

namespace kedge {

// Which activations can follow an affine step without floats between.
enum class WholeSteps : std::uint8_t {
  kClamps,  // ReLU of an affine step that nobody else reads
  kTables,  // those and any activation behind an affine step
};

class QuantizeSource {
 public:
  // Throws InvalidArgument without rows, Unsupported when the graph has whole numbers already.
  QuantizeSource(const Graph& graph, const Rows& rows, WholeSteps which, std::size_t most_inputs);

  const Graph& graph() const noexcept { return graph_; }
  const Rows& rows() const noexcept { return rows_; }
  std::uint32_t slots() const noexcept { return static_cast<std::uint32_t>(uses_.size()); }
  const GraphStep& step_of(std::uint32_t slot) const { return graph_.steps[slot - 1]; }
  std::uint32_t source(std::uint32_t slot) const { return graph_.input(step_of(slot), 0); }

  bool is_affine(std::uint32_t slot) const;
  // ReLU of an affine step that nobody else reads: the clamp of its whole numbers.
  bool is_clamp(std::uint32_t slot) const;
  // An activation of whole numbers that is no clamp.
  bool is_table(std::uint32_t slot) const;
  bool wants_whole(std::uint32_t slot) const { return wants_whole_[slot]; }
  bool wants_floats(std::uint32_t slot) const { return wants_floats_[slot]; }
  // The slot that the whole numbers of affine step `slot` stand for: itself, or its clamp.
  std::uint32_t end_of(std::uint32_t slot) const;

  // What a slot holds for each row. Throws InvalidArgument when a value is not finite.
  std::vector<float> values(std::uint32_t slot) const;
  // The same, column by column.
  std::vector<std::vector<float>> columns(std::uint32_t slot) const;
  // That of an affine step from input j to output k.
  double weight(const GraphStep& step, std::size_t j, std::size_t k) const;
  // What a graph made of this one holds for a slot of it; nothing when nobody reads the slot.
  using Answers = std::function<std::vector<float>(const Graph& made, std::uint32_t slot)>;
  // How far each affine step of `made` is from this graph, and the raw scores; a clamp's numbers
  // are held against the ReLU.
  QuantizedGraph compared(Graph made, const Answers& answers) const;

 private:
  StepError error(std::string name, std::uint32_t slot, const std::vector<float>& got) const;
  std::vector<bool> can_be_whole(WholeSteps which) const;
  void find_wants(WholeSteps which);

  const Graph& graph_;
  const Rows& rows_;
  std::size_t most_inputs_;
  std::vector<std::uint32_t> uses_;
  std::vector<bool> wants_whole_;
  std::vector<bool> wants_floats_;
};

// What step `slot` - 1 writes for each row, numbers of its kind.
void slot_numbers(const Graph& graph, std::uint32_t slot, const Rows& rows, void* out);
// What a slot of floats holds for each row.
std::vector<float> slot_values(const Graph& graph, std::uint32_t slot, const Rows& rows);

// multiplier / 2^shift, the nearest to `factor` < 1 of so many bits.
struct Fraction {
  static constexpr std::int32_t kMostShift = 62;

  std::int32_t multiplier = 0;
  std::int32_t shift = kMostShift;
};
Fraction fraction_of(double factor, std::int32_t bits);

}  // namespace kedge

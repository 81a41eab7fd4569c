// A graph made ready to run: its steps bound to their weights, slots and kernels. A block of rows
// goes through all steps while it lies in the cache.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kedge/model/graph.h"
#include "kedge/score/forest_runner.h"
#include "kedge/score/plan_step.h"
#include "kedge/score/rows.h"

namespace kedge {

// Immutable; any number of threads may score with one. A row's bits do not depend on the rows
// beside it, nor on the machine.
class Plan {
 public:
  // `graph` has passed `check`. `forest` is what its steps of trees ask, and must outlive the plan.
  explicit Plan(Graph graph, const RankedForest& forest);
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  const Graph& graph() const noexcept { return graph_; }

  // `outputs` numbers for each row, floats or doubles as the last slot has. Allocates nothing once
  // the calling thread has scored with this plan, or a larger one, before.
  void score(const Rows& rows, void* out, bool raw) const noexcept;

 private:
  void lay_out();
  bool runs_in_place(std::size_t step) const;
  void load_rows(const Rows& rows, PlanFrame& frame) const noexcept;
  void store_rows(const PlanFrame& frame, std::uint32_t slot, std::byte* out) const noexcept;

  Graph graph_;
  std::unique_ptr<const ForestRunner> forest_;  // when there are trees
  std::vector<std::uint32_t> uses_;             // of each slot, the raw scores' counted once more
  std::vector<PlanSlot> slots_;
  std::vector<PlanStep> steps_;
  std::size_t raw_steps_ = 0;
  std::size_t row_bytes_ = 0;
  std::size_t block_rows_ = 1;
};

}  // namespace kedge

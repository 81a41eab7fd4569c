// A graph made ready to run: its steps bound to their weights, slots and kernels. A block of rows
// goes through all steps while it lies in the cache.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kedge/model/graph.h"
#include "kedge/score/forest_runner.h"
#include "kedge/score/plan_step.h"
#include "kedge/score/rows.h"
#include "kedge/score/scratch.h"

namespace kedge {

// Immutable; any number of threads may score with one. A row's bits do not depend on the rows
// beside it, nor on the machine.
class Plan {
 public:
  // Whether a slot that nobody reads again is written over.
  enum class Slots { kReused, kKept };

  // `graph` has passed `check`. `forest` is what its steps of trees ask, and must outlive the plan.
  Plan(Graph graph, const RankedForest& forest, Slots slots = Slots::kReused);
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  const Graph& graph() const noexcept { return graph_; }

  // `outputs` numbers for each row, floats or doubles as the last slot has. Allocates nothing once
  // the calling thread has scored with this plan, or a larger one, before.
  void score(const Rows& rows, void* out, bool raw) const noexcept;

  // Calls use(first, frame) for each block of rows when its raw scores are there; with kept slots,
  // all that lies before them is there, too.
  template <class Use>
  void each_block(const Rows& rows, const Use& use) const noexcept {
    run_blocks(rows, std::span(steps_).first(raw_steps_), use);
  }

 private:
  template <class Use>
  void run_blocks(const Rows& rows, std::span<const PlanStep> steps,
                  const Use& use) const noexcept {
    const std::size_t most = std::min(block_rows_, rows.count);
    auto* arena = scratch<ArenaLine, Plan>(most * row_bytes_ / sizeof(ArenaLine));
    for (std::size_t first = 0; first < rows.count; first += block_rows_) {
      const std::size_t length = std::min(block_rows_, rows.count - first);
      PlanFrame frame{reinterpret_cast<std::byte*>(arena), slots_.data(), length, nullptr, 0};
      load_rows(rows.from(first, length), frame);
      for (const PlanStep& step : steps) step.run(step, frame);
      use(first, frame);
    }
  }
  void lay_out();
  bool runs_in_place(std::size_t step) const;
  void load_rows(const Rows& rows, PlanFrame& frame) const noexcept;
  void store_rows(const PlanFrame& frame, std::uint32_t slot, std::byte* out) const noexcept;

  Graph graph_;
  bool keeps_slots_;
  std::unique_ptr<const ForestRunner> forest_;  // when there are trees
  std::vector<std::uint32_t> uses_;             // of each slot, the raw scores' counted once more
  std::vector<PlanSlot> slots_;
  std::vector<PlanStep> steps_;
  std::size_t raw_steps_ = 0;
  std::size_t row_bytes_ = 0;
  std::size_t block_rows_ = 1;
};

}  // namespace kedge

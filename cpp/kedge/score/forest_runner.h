// A forest as a step of a plan: the engines that are best for one row and for a block.
#pragma once

#include <memory>

#include "kedge/model/quantize.h"
#include "kedge/score/engine.h"

namespace kedge {

// Immutable. The forest must outlive it.
class ForestRunner {
 public:
  explicit ForestRunner(const RankedForest& forest);

  // As Engine::score.
  void score(const Rows& rows, void* raw) const noexcept;
  // As apply_link, of one row.
  void link(float* scores) const noexcept;
  void link(double* scores) const noexcept;

 private:
  const RankedForest* forest_;
  std::size_t least_block_;
  std::unique_ptr<Engine> one_;
  std::unique_ptr<Engine> block_;
};

}  // namespace kedge

// Trees as the kernels of explanations want them.
#pragma once

#include <cstdint>
#include <vector>

#include "kedge/kernels/tree_shap.h"
#include "kedge/model/quantize.h"

namespace kedge {

// A tree with more different features on one path is refused.
inline constexpr std::size_t kMostPathFeatures = 1024;
// What a kernel needs to work in may not be more numbers than this: 128 MB.
inline constexpr std::size_t kMostShapWork = std::size_t{1} << 24;

// Immutable; copies would point into the original, so there are none.
class ExplainPlan {
 public:
  // Throws Unsupported that names what cannot be explained: a model without covers, or with linear
  // leaves; trees of too many features on a path, or too deep.
  explicit ExplainPlan(const RankedForest& forest);
  ExplainPlan(const ExplainPlan&) = delete;
  ExplainPlan& operator=(const ExplainPlan&) = delete;

  // Tree by tree; values of the leaves' output number `column`, where a leaf has several.
  ShapTree tree(std::size_t number, std::size_t column) const noexcept;

  // What each output is on average over the training rows, before the ending of the sum: the mean
  // of every tree by its covers, added up.
  const std::vector<double>& means() const noexcept { return means_; }
  std::size_t most_nodes() const noexcept { return most_nodes_; }  // of one tree
  // Numbers that a kernel needs to work in.
  std::size_t most_work() const noexcept { return most_work_; }
  std::size_t most_row_work() const noexcept { return most_row_work_; }

 private:
  struct Part {
    std::uint64_t first_inverse;
    std::uint32_t points;
  };
  struct Rule {
    std::vector<double> at, beside, weight;
  };

  class Builder;

  RankedForest forest_;
  std::vector<Part> parts_;
  std::vector<ShapTest> tests_;  // tree after tree, as its nodes
  std::vector<ShapNode> nodes_;
  std::vector<std::uint32_t> steps_;
  std::vector<std::uint64_t> first_step_;
  std::vector<double> inverses_;
  std::vector<Rule> rules_;  // by the number of points
  std::vector<double> means_;
  std::size_t most_nodes_ = 0;
  std::size_t most_work_ = 0;
  std::size_t most_row_work_ = 0;
};

}  // namespace kedge

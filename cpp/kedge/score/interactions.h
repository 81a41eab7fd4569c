// What pairs of features add to a row's score together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kedge/score/explain.h"

namespace kedge {

// Shapley interaction values. Of two features, half of what the one adds to the other's
// contribution; on the diagonal what a feature adds by itself, so that a feature's row sums up to
// its contribution. Immutable; any number of threads may explain with one.
class Interactions {
 public:
  // `explainer` must outlive it. Throws ResourceExhausted when the model's trees are so deep, or so
  // large, that what must be kept exceeds a bound.
  explicit Interactions(const Explainer& explainer);

  // For each row and output a matrix of features x features. A row's numbers do not depend on the
  // rows around it, nor on the instruction set.
  void explain(const Rows& rows, double* out) const noexcept;

 private:
  // Of each feature on the path to a node, but for the node's own, the last node before: twice its
  // number, and one more where the path goes right.
  struct Paths {
    std::vector<std::uint64_t> first{0};  // of each node, tree after tree
    std::vector<std::uint32_t> ways;
  };
  void add_paths(const ShapTree& tree);
  void row(const Rows& rows, std::size_t row, double* out) const noexcept;
  void add_pairs(const ShapTree& tree, std::uint64_t first_node, const std::uint8_t* sides,
                 const double* work, double* alone, double* table) const noexcept;

  void finish(const double* phi, double* table) const noexcept;

  const Explainer& explainer_;
  Paths paths_;
};

}  // namespace kedge

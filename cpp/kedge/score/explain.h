// Why a row scores as it does: each feature's Shapley value of the raw score, exactly.
#pragma once

#include <cstddef>
#include <vector>

#include "kedge/score/explain_plan.h"
#include "kedge/score/ranker.h"
#include "kedge/score/rows.h"

namespace kedge {

// Path-dependent: a feature that is not known is averaged over by the shares of training rows that
// went either way. Immutable; any number of threads may explain with one.
class Explainer {
 public:
  // Throws Unsupported that names what cannot be explained (see ExplainPlan).
  explicit Explainer(const RankedForest& forest);

  // The raw scores of the average training row, as the model's covers have it.
  const std::vector<double>& base() const noexcept { return base_; }

  // For each row, output and feature, what the value adds to the raw score: those of an output and
  // base() sum up to the score, but for rounding. A row's numbers do not depend on the rows around
  // it, nor on the instruction set. Allocates nothing once the calling thread has explained with
  // this model, or a larger one, before.
  void explain(const Rows& rows, double* out) const noexcept;

  // For what explains more of the same model.
  const RankedForest& forest() const noexcept { return forest_; }
  const Ranker& ranker() const noexcept { return ranker_; }
  const ExplainPlan& plan() const noexcept { return plan_; }
  const ShapVariant& kernel() const noexcept { return kernel_; }
  // A contribution to the sum of the leaves as one to the score.
  double scaled(double phi) const noexcept { return phi / forest_.divisor * forest_.scale; }

 private:
  void block(const Rows& rows, double* out) const noexcept;
  void row(const Rows& rows, std::size_t row, double* out) const noexcept;

  RankedForest forest_;
  Ranker ranker_;
  ExplainPlan plan_;
  ShapVariant kernel_;
  std::vector<double> base_;
};

}  // namespace kedge

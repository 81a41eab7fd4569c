// How the raw scores of a net change with each number that it reads, and what that adds up to on
// the way from one row to another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kedge/score/plan.h"
#include "kedge/score/rows.h"

namespace kedge {

// Of graphs whose steps all have a slope: what looks up, places, asks trees or counts in bytes has
// none. Immutable; any number of threads may ask one.
class Gradients {
 public:
  static constexpr std::size_t kMostPoints = 1000;

  // Throws Unsupported that names the step that has no slope.
  explicit Gradients(const Graph& graph);

  // Integrated gradients: for each row, output and feature, the slope's mean on the straight way
  // from a row of `sample` to the row, times what the feature changes, on average over the sample.
  // Scores' means over the sample, `base`, and these add up to the row's scores as far as so many
  // points of quadrature know the way: each output's errors say what is short.
  void explain(const Rows& rows, std::span<const double> sample, std::span<const double> base,
               std::size_t points, double* out, double* errors) const;

 private:
  void add_slopes(const PlanFrame& frame, std::size_t row, std::size_t output, double* slopes,
                  double* out) const noexcept;
  void back(std::size_t step, const PlanFrame& frame, std::size_t row,
            double* slopes) const noexcept;

  Plan plan_;
  std::vector<std::size_t> first_;  // of each slot, in a row's slopes
};

}  // namespace kedge

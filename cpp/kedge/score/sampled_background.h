// Why a row scores otherwise than the rows of a sample do, of a model that is a graph of steps:
// each feature's Shapley value by orders of the features that are drawn, and how far off it may be.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "kedge/score/plan.h"
#include "kedge/score/rows.h"

namespace kedge {

// Steps know nothing that would make the sum over all sets of features short, so it is estimated.
struct Sampling {
  static constexpr std::size_t kLeastRounds = 2;  // else nothing is known of the error
  static constexpr std::size_t kMostRounds = 100'000;

  std::size_t rounds = 16;  // at most: a row whose values have settled gets no more
  // No round begins that would end behind it, but the least are done.
  std::optional<std::chrono::steady_clock::time_point> deadline;
};

// As of Background, a feature that is not known has the value that it has in a row of the sample.
// The game is played with what the model reads: what a pipeline makes of a column is the column's.
//
// A round takes each row of the sample, draws an order of the features that differ from it, and
// turns one after the other into the explained row's, once in that order and once in the opposite
// one. What a feature adds to the score is its share. So values are exact in every round where
// features add up, or meet in pairs only; where more meet, rounds differ, and that is the error.
//
// Immutable; any number of threads may explain with one.
class SampledBackground {
 public:
  static constexpr std::size_t kMostFeatures = 2048;

  // Copies `sample`. Throws InvalidArgument when it has no rows or too many, Unsupported when there
  // are too many features.
  SampledBackground(std::shared_ptr<const Plan> plan, const Rows& sample);

  std::size_t rows() const noexcept { return sample_.size() / features_; }
  std::span<const double> sample() const noexcept { return sample_; }
  // The mean raw scores of the sample.
  const std::vector<double>& base() const noexcept { return base_; }
  bool is_of(const Plan* plan) const noexcept { return plan_.get() == plan; }

  // For each row, output and feature, the value, and its standard error over orders. Values and
  // base() add up to the raw score but for rounding. Without a deadline a row's numbers depend on
  // nothing but the row.
  void explain(const Rows& rows, const Sampling& sampling, double* out, double* errors) const;

 private:
  struct Estimate;

  void score(const double* rows, std::size_t count, double* out) const noexcept;
  void take_round(const double* x, const double* own, std::size_t round,
                  double* values) const noexcept;
  std::size_t mix(const double* x, const double* other, const std::uint32_t* order,
                  std::size_t count, double* mixed) const noexcept;

  std::shared_ptr<const Plan> plan_;
  std::size_t features_;
  std::size_t outputs_;
  std::vector<double> sample_;
  std::vector<double> scores_;  // of the sample
  std::vector<double> base_;
};

}  // namespace kedge

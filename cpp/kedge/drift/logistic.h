// Logistic regression on features that are there or not, learned row by row (AdaGrad, Duchi, Hazan
// and Singer 2011: each weight's steps shrink with its own gradients). The same rows in the same
// order give the same bits everywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kedge {

class Logistic {
 public:
  explicit Logistic(std::size_t weights) : states_(weights) {}

  // The sum of the weights of the features that are there.
  double score(std::span<const std::uint32_t> features) const noexcept {
    double sum = 0;
    for (const std::uint32_t feature : features) sum += states_[feature].weight;
    return sum;
  }
  double weight(std::uint32_t feature) const noexcept { return states_[feature].weight; }

  // One step towards `label`, for a row whose score is `base` more than that of its features.
  // `importance` is from 0 to 1. Allocates nothing.
  void learn(std::span<const std::uint32_t> features, double base, bool label,
             double importance) noexcept;

 private:
  struct State {
    double weight = 0;
    double squares = 1;  // of its gradients, and one: the first steps are not the largest
  };
  std::vector<State> states_;
};

}  // namespace kedge

// From the leaves that a row reached to its raw scores, tree by tree, as the trainer adds them up.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "kedge/model/quantize.h"
#include "kedge/score/rows.h"
#include "kedge/score/tree_node.h"

namespace kedge {

// `Sum` is the precision in which the trainer adds.
template <class Sum>
class Sums {
 public:
  // `values` has the value of each place that a walk may end at: for leaves of one value.
  Sums(const RankedForest& forest, std::vector<Sum> values)
      : forest_(forest), value_(std::move(values)) {
    for (const double start : forest.start) start_.push_back(static_cast<Sum>(start));
    for (const double bias : forest.bias) {
      bias_.push_back(bias == 0 ? Sum{-0.0} : static_cast<Sum>(bias));  // which adds nothing
      has_ending_ |= bias != 0;
    }
    has_ending_ |= forest.divisor != 1 || forest.scale != 1;
    for (const RankTree& tree : forest.trees) output_.push_back(tree.output);
  }
  // `leaf_of_place` has the leaf of each place, or what is no leaf where no walk ends.
  Sums(const RankedForest& forest, std::vector<std::uint32_t> leaf_of_place)
      : Sums(forest, std::vector<Sum>()) {
    if (forest.leaf_width != 1 || !forest.linear.empty()) {
      leaf_ = std::move(leaf_of_place);
      return;
    }
    value_.reserve(leaf_of_place.size());
    for (const std::uint32_t leaf : leaf_of_place) {
      const bool is_leaf = leaf < forest.leaves.size();
      value_.push_back(is_leaf ? static_cast<Sum>(forest.leaves[leaf]) : 0);
    }
  }

  std::size_t outputs() const noexcept { return start_.size(); }

  Sum start_of(std::size_t output) const noexcept { return start_[output]; }
  void start(Sum* out) const noexcept {
    for (std::size_t k = 0; k < start_.size(); ++k) out[k] = start_[k];
  }
  void add(std::size_t tree, std::uint32_t place, const Rows& rows, std::size_t row,
           Sum* out) const noexcept {
    if (!value_.empty()) {
      out[output_[tree]] += value_[place];
    } else {
      add_wide(tree, leaf_[place], rows, row, out);
    }
  }
  // Of one row: `place_of(i)` is the place reached in tree `first_tree` + i.
  template <class PlaceOf>
  void add_trees(std::size_t first_tree, std::size_t trees, const PlaceOf& place_of,
                 const Rows& rows, std::size_t row, Sum* out) const noexcept {
    if (!value_.empty() && start_.size() == 1) {
      Sum sum = *out;  // in a register: each addition waits for the one before
#pragma GCC unroll 4
      for (std::size_t i = 0; i < trees; ++i) sum += value_[place_of(i)];
      *out = sum;
      return;
    }
    for (std::size_t i = 0; i < trees; ++i) add(first_tree + i, place_of(i), rows, row, out);
  }
  void finish(Sum* out) const noexcept {
    if (!has_ending_) return;
    const SumEnding<Sum> ending{static_cast<Sum>(forest_.divisor), static_cast<Sum>(forest_.scale)};
    for (std::size_t k = 0; k < start_.size(); ++k) out[k] = ending(out[k], bias_[k]);
  }

 private:
  void add_wide(std::size_t tree, std::uint32_t leaf, const Rows& rows, std::size_t row,
                Sum* out) const noexcept {
    const double* values = forest_.leaves.data() + std::size_t{leaf} * forest_.leaf_width;
    if (!forest_.linear.empty()) {
      out[output_[tree]] += static_cast<Sum>(linear(forest_.linear[leaf], *values, rows, row));
      return;
    }
    for (std::size_t k = 0; k < forest_.leaf_width; ++k) {
      out[output_[tree] + k] += static_cast<Sum>(values[k]);
    }
  }

  double linear(const LinearSpan& leaf, double otherwise, const Rows& rows,
                std::size_t row) const noexcept {
    double sum = leaf.constant;
    for (const LinearTerm& term : forest_.terms.subspan(leaf.first_term, leaf.terms)) {
      double value = rows.value(row, term.feature);
      if (forest_.reads_float32) value = double{static_cast<float>(value)};
      if (std::isnan(value)) return otherwise;
      sum += term.coefficient * (std::fabs(value) > kZeroBound ? value : 0);
    }
    return sum;
  }

  RankedForest forest_;
  std::vector<std::uint32_t> leaf_;
  std::vector<Sum> start_;
  std::vector<Sum> bias_;
  std::vector<Sum> value_;  // of each place, when a leaf has but one
  std::vector<std::uint32_t> output_;
  bool has_ending_ = false;
};

}  // namespace kedge

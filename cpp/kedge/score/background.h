// Why a row scores otherwise than the rows of a sample do: each feature's Shapley value, exactly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kedge/model/bundle.h"
#include "kedge/model/quantize.h"
#include "kedge/score/ranker.h"
#include "kedge/score/rows.h"

namespace kedge {

inline constexpr std::size_t kMostBackgroundRows = kMostSampleRows;
// A set of a path's features is a word's bits.
inline constexpr std::size_t kMostBackgroundPath = 64;

// Interventional: a feature that is not known has the value that it has in a row of the sample; the
// mean over those rows counts. Covers are not needed.
//
// Of a leaf's path, a row misses some features: those that it has another way for. A row that is
// made of x's values for some features and of the sample row's for the others gets to the leaf when
// none of its features is missed by the row that it comes from. So at each leaf only the sets that
// sample rows miss count, and how many rows miss each.
//
// Making one takes O(nodes x sample rows); explaining a row O(sets), at most leaves x sample rows.
// Immutable; any number of threads may explain with one.
class Background {
 public:
  // `sample` is read here only. Throws InvalidArgument when it has no rows, or too many;
  // Unsupported that names what cannot be explained: linear leaves, leaves that are not finite,
  // paths of too many features; ResourceExhausted when trees and sample are too large together.
  Background(const RankedForest& forest, const Rows& sample);

  std::size_t rows() const noexcept { return rows_; }
  // The mean raw scores of the sample.
  const std::vector<double>& base() const noexcept { return base_; }
  // Whether it was made for a model that has this forest.
  bool is_of(const RankedForest& forest) const noexcept {
    return forest.owner == forest_.owner && forest.trees.data() == forest_.trees.data();
  }

  // As Explainer::explain: for each row, output and feature.
  void explain(const Rows& rows, double* out) const noexcept;

 private:
  // A set of features that sample rows miss, by their places on the path.
  struct Missed {
    std::uint64_t set;
    std::uint32_t rows;
    std::uint32_t size;  // of the set
  };
  struct Leaf {
    std::uint64_t always;  // what all rows of the sample miss
    std::uint64_t first_missed;
    std::uint64_t first_feature;
    std::uint32_t features;
  };
  struct Found;
  class Builder;
  // Blocks of so many codes for each slot.
  struct Lanes {
    std::size_t width;
    std::size_t blocks;
  };

  static std::size_t place(const RankTree& tree, std::int32_t child) noexcept;
  std::uint64_t end_of(std::size_t leaf) const noexcept {
    return leaf + 1 < leaves_.size() ? leaves_[leaf + 1].first_missed : missed_.size();
  }
  void rank(const Rows& rows, std::uint32_t* codes) const noexcept;
  void miss(const RankTree& tree, const std::uint32_t* codes, Lanes lanes,
            std::uint64_t* missed) const noexcept;
  void share(const Leaf& leaf, std::uint64_t end, std::uint64_t missed,
             double* shares) const noexcept;
  void add_leaf(const RankTree& tree, std::size_t number, const double* shares,
                double* out) const noexcept;
  void share_out(const RankTree& tree, std::size_t number, std::span<const std::uint64_t> missed,
                 Found* found, double* out) const noexcept;
  void row(const Rows& rows, std::size_t row, double* out) const noexcept;
  void block(const Rows& rows, double* out) const noexcept;

  RankedForest forest_;
  Ranker ranker_;
  std::size_t rows_;
  std::size_t most_nodes_ = 0;
  std::vector<std::uint8_t> bits_;       // of each node's feature, its place on the path
  std::vector<std::uint32_t> features_;  // of paths
  std::vector<Leaf> leaves_;
  std::vector<Missed> missed_;  // leaf after leaf
  std::vector<double> base_;
};

}  // namespace kedge

// The leaves of each tree from the left to the right.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kedge/model/quantize.h"

namespace kedge {

inline constexpr std::size_t kMostOrderedLeaves = 256;

// For each node of the forest how many leaves are below its left child, and where the first of them
// stands in its tree; for each leaf's place, tree after tree, which leaf of that tree stands there.
// No tree has more than kMostOrderedLeaves.
struct LeafOrder {
  explicit LeafOrder(const RankedForest& forest)
      : left_leaves(forest.nodes.size()),
        first_leaf(forest.nodes.size()),
        leaf_at(forest.leaf_count()) {
    std::uint32_t below[kMostOrderedLeaves + 1];
    below[kMostOrderedLeaves] = 1;  // of a leaf
    for (const RankTree& tree : forest.trees) {
      const RankNode* nodes = forest.nodes.data() + tree.first_node;
      const auto leaves_below = [&](std::int32_t child) {
        return below[child < 0 ? kMostOrderedLeaves : static_cast<std::size_t>(child)];
      };
      for (std::size_t i = tree.nodes; i-- > 0;) {
        const std::uint32_t left = leaves_below(nodes[i].left);
        left_leaves[tree.first_node + i] = static_cast<std::uint8_t>(left);
        below[i] = left + leaves_below(nodes[i].right);
      }
      if (tree.nodes == 0) leaf_at[tree.first_leaf] = 0;
      for (std::size_t i = 0; i < tree.nodes; ++i) {
        const std::size_t node = tree.first_node + i;
        put(tree, nodes[i].left, first_leaf[node]);
        put(tree, nodes[i].right, std::uint32_t{first_leaf[node]} + left_leaves[node]);
      }
    }
  }

  // The value of each leaf's place.
  template <class Value>
  std::vector<Value> values(const RankedForest& forest) const {
    std::vector<Value> all;
    all.reserve(leaf_at.size());
    for (const RankTree& tree : forest.trees) {
      const std::uint8_t* leaves = leaf_at.data() + tree.first_leaf;
      for (std::size_t i = 0; i <= tree.nodes; ++i) {
        all.push_back(static_cast<Value>(forest.leaves[tree.first_leaf + leaves[i]]));
      }
    }
    return all;
  }

  std::vector<std::uint8_t> left_leaves;
  std::vector<std::uint8_t> first_leaf;
  std::vector<std::uint8_t> leaf_at;

 private:
  // Whether a child is a leaf is as good as random: a branch here would cost more than the rest.
  void put(const RankTree& tree, std::int32_t child, std::uint32_t first) {
    const bool is_leaf = child < 0;
    const std::size_t node = tree.first_node + (is_leaf ? 0 : static_cast<std::size_t>(child));
    std::uint8_t* const places[] = {&first_leaf[node], &leaf_at[tree.first_leaf + first]};
    const std::uint32_t values[] = {first, static_cast<std::uint32_t>(~child)};
    *places[is_leaf] = static_cast<std::uint8_t>(values[is_leaf]);
  }
};

}  // namespace kedge

// The leaves of each tree from the left to the right.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kedge/model/quantize.h"

namespace kedge {

// For each node of the forest how many leaves are below its left child, and where the first of them
// stands in its tree; for each leaf's place, tree after tree, which leaf of the forest stands
// there.
struct LeafOrder {
  explicit LeafOrder(const RankedForest& forest)
      : left_leaves(forest.nodes.size()),
        first_leaf(forest.nodes.size()),
        leaf_at(forest.leaf_count()) {
    std::vector<std::uint32_t> below(forest.nodes.size());
    for (const RankTree& tree : forest.trees) {
      const RankNode* nodes = forest.nodes.data() + tree.first_node;
      const auto leaves_below = [&](std::int32_t child) {
        return child < 0 ? 1 : below[tree.first_node + static_cast<std::size_t>(child)];
      };
      for (std::size_t i = tree.nodes; i-- > 0;) {
        const std::size_t node = tree.first_node + i;
        left_leaves[node] = leaves_below(nodes[i].left);
        below[node] = left_leaves[node] + leaves_below(nodes[i].right);
      }
      if (tree.nodes == 0) put(tree, ~0, 0);
      for (std::size_t i = 0; i < tree.nodes; ++i) {
        const std::size_t node = tree.first_node + i;
        put(tree, nodes[i].left, first_leaf[node]);
        put(tree, nodes[i].right, first_leaf[node] + left_leaves[node]);
      }
    }
  }

  std::vector<std::uint32_t> left_leaves;
  std::vector<std::uint32_t> first_leaf;
  std::vector<std::uint32_t> leaf_at;

 private:
  void put(const RankTree& tree, std::int32_t child, std::uint32_t first) {
    if (child >= 0) {
      first_leaf[tree.first_node + static_cast<std::size_t>(child)] = first;
    } else {
      leaf_at[tree.first_leaf + first] =
          static_cast<std::uint32_t>(tree.first_leaf) + static_cast<std::uint32_t>(~child);
    }
  }
};

}  // namespace kedge

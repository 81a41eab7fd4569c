// Covers and leaf values for random forests that are to be explained.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "kedge/base/random.h"
#include "kedge/model/trees.h"

namespace kedge::test {

// Covers as training rows leave them: whole numbers that add up, some of them 0.
inline void draw_covers(Forest& forest, std::uint64_t seed) {
  Random random(seed);
  for (Tree& tree : forest.trees) {
    tree.leaf_covers.clear();
    for (std::size_t i = 0; i < tree.leaves.size() / forest.leaf_width; ++i) {
      tree.leaf_covers.push_back(random.below(8) == 0 ? 0 : 1 + random.below(1000));
    }
    tree.node_covers.assign(tree.nodes.size(), 0);
    const auto cover = [&](std::int32_t child) {
      return child < 0 ? tree.leaf_covers[static_cast<std::size_t>(~child)]
                       : tree.node_covers[static_cast<std::size_t>(child)];
    };
    for (std::size_t i = tree.nodes.size(); i-- > 0;) {
      tree.node_covers[i] = cover(tree.nodes[i].left) + cover(tree.nodes[i].right);
    }
  }
}

// Values of some size only: how far a sum may be off goes by its largest terms.
inline void bound_leaves(Forest& forest) {
  forest.sums_float32 = false;
  const auto bound = [](double& value) {
    if (std::fabs(value) > 1e20) value = 1;
  };
  for (Tree& tree : forest.trees) {
    for (double& leaf : tree.leaves) bound(leaf);
  }
  for (double& start : forest.start) bound(start);
}

// What a score's terms may come to at most: rounding goes by it.
inline double largest_score(const Forest& forest) {
  double most = 1e-300;
  for (const Tree& tree : forest.trees) {
    for (const double leaf : tree.leaves) most = std::max(most, std::fabs(leaf));
  }
  return most * static_cast<double>(std::max<std::size_t>(forest.trees.size(), 1)) /
         std::fabs(forest.divisor) * std::max(1.0, std::fabs(forest.scale));
}

}  // namespace kedge::test

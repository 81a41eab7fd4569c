// What makes nodes a tree, for every kind of node that has a left and a right child.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kedge/base/error.h"

namespace kedge {

// Throws CorruptData unless each child is a node behind its parent or one of nodes + 1 leaves
// (~child), and has no other parent. So a walk ends, and no part of a tree is met twice.
template <class Node>
void check_shape(std::span<const Node> nodes, std::size_t tree) {
  const std::size_t inner = nodes.size();
  std::vector<bool> reached(2 * inner + 1);
  for (std::size_t i = 0; i < inner; ++i) {
    for (const std::int32_t child : {nodes[i].left, nodes[i].right}) {
      const std::size_t place =
          child >= 0 ? static_cast<std::size_t>(child) : inner + static_cast<std::size_t>(~child);
      if (place > 2 * inner || (child >= 0 && (place <= i || place >= inner))) {
        throw corrupt_data("tree ", tree, ", node ", i, ": child ", child,
                           " is neither a node from ", i + 1, " to ", inner - 1, " nor one of ",
                           inner + 1, " leaves");
      }
      if (reached[place]) {
        throw corrupt_data("tree ", tree, ", node ", i, ": child ", child,
                           " has another parent too");
      }
      reached[place] = true;
    }
  }
}

}  // namespace kedge

// Trees as walks want them: small nodes, siblings side by side, and leaves that are their own
// child.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "kedge/model/quantize.h"
#include "kedge/score/tree_node.h"

namespace kedge {

inline constexpr std::uint32_t kInner = std::numeric_limits<std::uint32_t>::max();

template <class Node>
struct TreeLayout {
  std::vector<Node> nodes;
  std::vector<LaidOutTree> trees;
  std::vector<std::uint32_t> leaf;  // of each node: its leaf in the forest; kInner otherwise
};

// `test_of` gives a node's test; `leaf_test` is a test that no code passes.
template <class Node, class TestOf>
TreeLayout<Node> lay_out(const RankedForest& forest, std::uint32_t leaf_test,
                         const TestOf& test_of) {
  TreeLayout<Node> layout;
  const std::size_t places = 2 * forest.nodes.size() + forest.trees.size();
  layout.nodes.reserve(places);
  layout.leaf.reserve(places);
  std::vector<std::int32_t> queue;  // children in breadth-first order
  std::vector<std::uint32_t> depths;
  for (const RankTree& tree : forest.trees) {
    const auto root = static_cast<std::uint32_t>(layout.nodes.size());
    const RankNode* nodes = forest.nodes.data() + tree.first_node;
    queue.assign(1, tree.nodes == 0 ? ~0 : 0);
    depths.assign(1, 0);
    for (std::size_t i = 0; i < queue.size(); ++i) {
      Node& node = layout.nodes.emplace_back();
      node.test = static_cast<decltype(node.test)>(leaf_test);
      layout.leaf.push_back(kInner);
      if (queue[i] < 0) {
        layout.leaf.back() =
            static_cast<std::uint32_t>(tree.first_leaf) + static_cast<std::uint32_t>(~queue[i]);
        continue;
      }
      const RankNode& from = nodes[queue[i]];
      node.slot = static_cast<typename Node::Short>(from.slot);
      node.test = static_cast<decltype(node.test)>(test_of(from));
      node.ahead = static_cast<typename Node::Distance>(queue.size() - i);
      for (const std::int32_t child : {from.left, from.right}) {
        queue.push_back(child);
        depths.push_back(depths[i] + 1);
      }
    }
    layout.trees.push_back({root, *std::ranges::max_element(depths)});
  }
  return layout;
}

}  // namespace kedge

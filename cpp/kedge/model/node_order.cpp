#include "kedge/model/node_order.h"

#include <algorithm>

namespace kedge {
namespace {

bool in_order(const Tree& tree) {
  for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
    const auto at = static_cast<std::int32_t>(i);
    const TreeNode& node = tree.nodes[i];
    if ((node.left >= 0 && node.left <= at) || (node.right >= 0 && node.right <= at)) return false;
  }
  return true;
}

}  // namespace

void put_parents_first(Tree& tree) {
  if (in_order(tree)) return;
  constexpr std::int32_t kUnseen = -1;
  std::vector<std::int32_t> place(tree.nodes.size(), kUnseen);
  std::vector<TreeNode> nodes;
  nodes.reserve(tree.nodes.size());
  std::vector<std::int32_t> open = {0};
  while (!open.empty()) {
    const auto at = static_cast<std::size_t>(open.back());
    open.pop_back();
    if (at >= tree.nodes.size() || place[at] != kUnseen) return;
    place[at] = static_cast<std::int32_t>(nodes.size());
    nodes.push_back(tree.nodes[at]);
    for (const std::int32_t child : {nodes.back().right, nodes.back().left}) {
      if (child >= 0) open.push_back(child);
    }
  }
  if (nodes.size() != tree.nodes.size()) return;
  for (TreeNode& node : nodes) {
    if (node.left >= 0) node.left = place[static_cast<std::size_t>(node.left)];
    if (node.right >= 0) node.right = place[static_cast<std::size_t>(node.right)];
  }
  tree.nodes = std::move(nodes);
}

}  // namespace kedge

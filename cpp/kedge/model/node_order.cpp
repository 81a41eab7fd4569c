#include "kedge/model/node_order.h"

#include <vector>

#include "kedge/base/error.h"

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

Tree tree_of_list(std::span<const TreeNode> list, std::size_t number) {
  std::vector<std::int32_t> place(list.size());
  std::int32_t leaves = 0;
  std::int32_t nodes = 0;
  for (std::size_t i = 0; i < list.size(); ++i) {
    place[i] = list[i].left == kListedLeaf ? ~leaves++ : nodes++;
  }
  Tree tree;
  tree.nodes.reserve(static_cast<std::size_t>(nodes));
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i].left == kListedLeaf) continue;
    TreeNode node = list[i];
    for (std::int32_t* child : {&node.left, &node.right}) {
      const auto at = static_cast<std::size_t>(*child);
      if (*child < 0 || at >= list.size()) {
        throw corrupt_data("tree ", number, ", node ", i, ": child ", *child, " of ", list.size(),
                           " nodes");
      }
      *child = place[at];
    }
    tree.nodes.push_back(node);
  }
  put_parents_first(tree);
  return tree;
}

}  // namespace kedge

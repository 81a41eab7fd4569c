// The leaves of a tree from the left to the right.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kedge/model/quantize.h"

namespace kedge {

class LeafOrder {
 public:
  explicit LeafOrder(std::span<const RankNode> nodes) : nodes_(nodes), below_(nodes.size()) {
    for (std::size_t i = nodes.size(); i-- > 0;) {
      below_[i] = leaves_below(nodes[i].left) + leaves_below(nodes[i].right);
    }
    std::vector<std::int32_t> open(1, nodes.empty() ? ~0 : 0);
    first_.resize(nodes.size());
    while (!open.empty()) {
      const std::int32_t next = open.back();
      open.pop_back();
      if (next < 0) {
        leaves_.push_back(static_cast<std::uint32_t>(~next));
        continue;
      }
      first_[static_cast<std::size_t>(next)] = static_cast<std::uint32_t>(leaves_.size());
      open.push_back(nodes[static_cast<std::size_t>(next)].right);
      open.push_back(nodes[static_cast<std::size_t>(next)].left);
    }
  }

  // The tree's own numbers of its leaves, from the left.
  const std::vector<std::uint32_t>& leaves() const noexcept { return leaves_; }
  // How many leaves are below a node's left child, and the place of the first of them.
  std::uint32_t left_leaves(std::size_t node) const noexcept {
    return leaves_below(nodes_[node].left);
  }
  std::uint32_t first_leaf(std::size_t node) const noexcept { return first_[node]; }

 private:
  std::uint32_t leaves_below(std::int32_t child) const noexcept {
    return child < 0 ? 1 : below_[static_cast<std::size_t>(child)];
  }

  std::span<const RankNode> nodes_;
  std::vector<std::uint32_t> below_;
  std::vector<std::uint32_t> first_;
  std::vector<std::uint32_t> leaves_;
};

}  // namespace kedge

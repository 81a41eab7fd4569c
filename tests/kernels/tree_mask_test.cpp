#include "kedge/kernels/tree_mask.h"

#include <algorithm>
#include <span>
#include <vector>

#include "check.h"
#include "kedge/base/buffer.h"
#include "kedge/base/random.h"

namespace kedge {
namespace {

struct Node {
  std::uint8_t slot, test;
  std::uint32_t first_leaf, left_leaves;
  std::size_t left, right;  // in the tree; 0 for a leaf
};

// Parents before children; chains to both sides among them.
std::size_t grow(std::vector<Node>& tree, Random& random, std::uint32_t first, std::uint32_t leaves,
                 std::size_t slots) {
  if (leaves == 1) return 0;
  const std::size_t at = tree.size();
  const std::uint32_t kind = random.below(4);
  const std::uint32_t left = kind == 0 ? 1 : kind == 1 ? leaves - 1 : 1 + random.below(leaves - 1);
  tree.push_back({static_cast<std::uint8_t>(random.below(static_cast<std::uint32_t>(slots))),
                  static_cast<std::uint8_t>(random.below(255)), first, left, 0, 0});
  const std::size_t left_child = grow(tree, random, first, left, slots);
  const std::size_t right_child = grow(tree, random, first + left, leaves - left, slots);
  tree[at].left = left_child;
  tree[at].right = right_child;
  return at;
}

std::uint32_t leaf_of(const std::vector<Node>& tree, const std::vector<std::uint8_t>& codes) {
  std::uint32_t leaf = 0;
  for (std::size_t at = 0; !tree.empty();) {
    const Node& node = tree[at];
    const bool right = codes[node.slot] > node.test;
    leaf = node.first_leaf + (right ? node.left_leaves : 0);
    at = right ? node.right : node.left;
    if (at == 0) break;
  }
  return leaf;
}

// The steps of a group's trees, each tree in a lane of its own.
std::vector<std::uint8_t> steps_of(std::span<const std::vector<Node>> trees, std::size_t steps,
                                   std::size_t lanes) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t step = 0; step < steps; ++step) {
    const std::size_t start = bytes.size();
    bytes.resize(start + mask_step_rows(step) * lanes);
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      std::uint8_t* at = &bytes[start + lane];
      at[lanes] = 0xff;
      if (lane >= trees.size()) continue;
      for (const Node& node : trees[lane]) {
        if (node.first_leaf + node.left_leaves - 1 != step) continue;
        at[0] = node.slot;
        at[lanes] = node.test;
        for (std::size_t leaf = 0; leaf <= step; leaf += 8) at[(2 + leaf / 8) * lanes] = 0xff;
        for (std::size_t leaf = node.first_leaf; leaf <= step; ++leaf) {
          at[(2 + leaf / 8) * lanes] ^= static_cast<std::uint8_t>(1u << leaf % 8);
        }
      }
    }
  }
  return bytes;
}

// Of groups of so many trees, aligned as kernels want them.
Buffer steps_of(std::span<const std::vector<Node>> forest, std::size_t lanes,
                std::vector<MaskGroup>& groups) {
  std::vector<std::uint8_t> all;
  for (std::size_t i = 0; i < forest.size(); i += lanes) {
    const auto trees = forest.subspan(i, std::min(lanes, forest.size() - i));
    const std::size_t steps = std::ranges::max(trees, {}, &std::vector<Node>::size).size();
    groups.push_back({all.size(), steps});
    const std::vector<std::uint8_t> bytes = steps_of(trees, steps, lanes);
    all.insert(all.end(), bytes.begin(), bytes.end());
  }
  Buffer aligned(all.size());
  std::ranges::copy(all, aligned.as<std::uint8_t>().begin());
  return aligned;
}

void check_leaves(std::size_t trees, std::uint32_t most_leaves, std::size_t slots,
                  std::uint64_t seed) {
  Random random(seed);
  std::vector<std::vector<Node>> forest(trees);
  for (auto& tree : forest) grow(tree, random, 0, 1 + random.below(most_leaves), slots);
  if (trees > 0) grow(forest[trees / 2] = {}, random, 0, most_leaves, slots);

  std::vector<std::uint8_t> codes(kMostMaskSlots);
  for (const MaskVariant& variant : mask_variants()) {
    if (!is_runnable(variant.isa)) continue;
    std::vector<MaskGroup> groups;
    const Buffer steps = steps_of(forest, variant.lanes, groups);
    const MaskPlan plan{groups, steps.as<std::uint8_t>().data(), slots};
    for (int row = 0; row < 20; ++row) {
      for (std::size_t i = 0; i < slots; ++i) codes[i] = static_cast<std::uint8_t>(random.bits());
      std::vector<std::uint8_t> leaves(groups.size() * variant.lanes);
      variant.leaves(plan, codes.data(), leaves.data());
      bool is_same = true;
      for (std::size_t i = 0; i < trees; ++i) is_same &= leaves[i] == leaf_of(forest[i], codes);
      CHECK(is_same);
    }
  }
}

}  // namespace

TEST("every variant finds the leaf that walking finds, in every tree") {
  for (const std::size_t trees : {0, 1, 2, 15, 17, 33, 63, 64, 65, 128, 200}) {
    for (const std::uint32_t leaves : {1, 2, 7, 8, 9, 16, 31, 32, 33, 63, 64}) {
      for (const std::size_t slots : {1, 16, 17, 32, 33, 64, 65, 128}) {
        check_leaves(trees, leaves, slots, trees + leaves);
      }
    }
  }
}

}  // namespace kedge

#include "kedge/kernels/tree_mask.h"

#include <algorithm>
#include <vector>

#include "check.h"
#include "kedge/base/buffer.h"
#include "kedge/base/random.h"

namespace kedge {
namespace {

template <class Mask>
MaskKernel<Mask> kernel_of(const MaskVariant& variant) {
  if constexpr (sizeof(Mask) == sizeof(std::uint32_t)) {
    return variant.leaves_32;
  } else {
    return variant.leaves_64;
  }
}

struct Node {
  std::uint8_t slot, test;
  std::uint32_t first_leaf, left_leaves;
  std::size_t left, right;  // in the tree; 0 for a leaf
};

// Parents before children; chains to both sides among them.
std::size_t grow(std::vector<Node>& tree, Random& random, std::uint32_t first,
                 std::uint32_t leaves) {
  if (leaves == 1) return 0;
  const std::size_t at = tree.size();
  const std::uint32_t kind = random.below(4);
  const std::uint32_t left = kind == 0 ? 1 : kind == 1 ? leaves - 1 : 1 + random.below(leaves - 1);
  tree.push_back({static_cast<std::uint8_t>(random.below(kMostMaskSlots)),
                  static_cast<std::uint8_t>(random.below(255)), first, left, 0, 0});
  const std::size_t left_child = grow(tree, random, first, left);
  const std::size_t right_child = grow(tree, random, first + left, leaves - left);
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

// Kernels load whole cache lines.
template <class Item>
Buffer aligned(const std::vector<Item>& items) {
  Buffer buffer(items.size() * sizeof(Item));
  std::ranges::copy(items, buffer.as<Item>().begin());
  return buffer;
}

template <class Mask>
void check_leaves(std::size_t trees, std::uint32_t most_leaves, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::vector<Node>> forest(trees);
  for (auto& tree : forest) grow(tree, random, 0, 1 + random.below(most_leaves));
  if (trees > 0) grow(forest[trees / 2] = {}, random, 0, most_leaves);

  std::vector<MaskGroup> groups;
  std::vector<std::uint8_t> slots, tests;
  std::vector<Mask> masks;
  for (std::size_t i = 0; i < trees; i += kMaskTrees) {
    const std::size_t length = std::min(kMaskTrees, trees - i);
    std::size_t steps = 0;
    for (std::size_t j = 0; j < length; ++j) steps = std::max(steps, forest[i + j].size());
    const std::size_t first = slots.size() / kMaskTrees;
    groups.push_back({static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(steps),
                      static_cast<std::uint32_t>(length)});
    slots.resize((first + steps) * kMaskTrees);
    tests.resize(slots.size(), 0xff);
    masks.resize(slots.size());
    for (std::size_t j = 0; j < length; ++j) {
      for (std::size_t step = 0; step < forest[i + j].size(); ++step) {
        const Node& node = forest[i + j][step];
        const std::size_t at = (first + step) * kMaskTrees + j;
        slots[at] = node.slot;
        tests[at] = node.test;
        masks[at] = ~Mask{0};
        for (std::uint32_t leaf = 0; leaf < node.left_leaves; ++leaf) {
          masks[at] &= ~(Mask{1} << (8 * sizeof(Mask) - 1 - node.first_leaf - leaf));
        }
      }
    }
  }
  const Buffer slot_bytes = aligned(slots), test_bytes = aligned(tests),
               mask_bytes = aligned(masks);
  const MaskPlan<Mask> plan{groups, slot_bytes.as<std::uint8_t>().data(),
                            test_bytes.as<std::uint8_t>().data(), mask_bytes.as<Mask>().data()};
  std::vector<std::uint8_t> codes(kMostMaskSlots);
  for (int row = 0; row < 20; ++row) {
    for (auto& code : codes) code = static_cast<std::uint8_t>(random.bits());
    for (const MaskVariant& variant : mask_variants()) {
      if (!is_runnable(variant.isa)) continue;
      std::vector<std::uint32_t> leaves(groups.size() * kMaskTrees);
      kernel_of<Mask>(variant)(plan, codes.data(), leaves.data());
      bool is_same = true;
      for (std::size_t i = 0; i < trees; ++i) is_same &= leaves[i] == leaf_of(forest[i], codes);
      CHECK(is_same);
    }
  }
}

}  // namespace

TEST("every variant finds the leaf that walking finds, in every tree") {
  for (const std::size_t trees : {0, 1, 2, 63, 64, 65, 128, 200}) {
    for (const std::uint32_t leaves : {1, 2, 3, 16, 31, 32}) {
      check_leaves<std::uint32_t>(trees, leaves, trees + leaves);
      check_leaves<std::uint64_t>(trees, 2 * leaves, trees + leaves);
    }
  }
}

}  // namespace kedge

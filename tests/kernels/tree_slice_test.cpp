#include "kedge/kernels/tree_slice.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "check.h"
#include "kedge/base/random.h"

namespace kedge {
namespace {

constexpr std::uint32_t kSlots = 6;  // of numbers; behind them two rows for a slot of categories
constexpr std::uint32_t kHigh = kSlots;
constexpr std::uint32_t kLow = kSlots + 1;
constexpr std::uint32_t kFirstOut = kSlots + 2;

template <class Sum>
SliceKernel<Sum> kernel_of(const SliceVariant& variant) {
  if constexpr (sizeof(Sum) == sizeof(float)) {
    return variant.add_f32;
  } else {
    return variant.add_f64;
  }
}

template <class Sum>
struct Plan {
  std::vector<SliceTree> trees;
  std::vector<SliceNode> nodes;
  std::vector<SliceSet> sets;
  std::vector<Sum> values;

  SlicePlan<Sum> whole() const { return {trees, nodes.data(), sets.data(), values.data()}; }
};

template <class Sum>
class PlanMaker {
 public:
  explicit PlanMaker(std::uint64_t seed) : random_(seed) {}

  void add_tree(std::uint32_t leaves, std::uint32_t output) {
    tree_ = {static_cast<std::uint32_t>(plan.nodes.size()),  leaves - 1,
             static_cast<std::uint32_t>(plan.sets.size()),   0,
             static_cast<std::uint32_t>(plan.values.size()), output};
    next_ = 0;
    plan.nodes.resize(plan.nodes.size() + leaves - 1);
    add_node(leaves);
    plan.trees.push_back(tree_);
    for (std::uint32_t i = 0; i < leaves; ++i) {
      plan.values.push_back(static_cast<Sum>((random_.uniform() - 0.5) * (1 + random_.below(9))));
    }
  }

  Plan<Sum> plan;

 private:
  std::uint8_t add_node(std::uint32_t leaves) {
    if (leaves == 1) return kSliceLeaf;
    const std::uint32_t at = next_++;
    // Chains to either side, or anything.
    const std::uint32_t kind = random_.below(4);
    const std::uint32_t left = kind == 0   ? 1
                               : kind == 1 ? leaves - 1
                                           : 1 + random_.below(leaves - 1);
    SliceNode node = draw_node();
    node.left_leaves = static_cast<std::uint8_t>(left);
    node.left = add_node(left);
    node.right = add_node(leaves - left);
    plan.nodes[tree_.first_node + at] = node;
    return static_cast<std::uint8_t>(at);
  }

  SliceNode draw_node() {
    SliceNode node{};
    node.slot = static_cast<std::uint16_t>(random_.below(kSlots));
    node.test = static_cast<std::uint8_t>(random_.bits());
    if (random_.below(3) == 0) {
      SliceSet& set = plan.sets.emplace_back();
      for (auto& byte : set.bits) byte = static_cast<std::uint8_t>(random_.bits());
      set.high = kHigh;
      set.low = kLow;
      set.out = kFirstOut + tree_.sets++;
      node.slot = static_cast<std::uint16_t>(set.out);
      node.test = 0;
    }
    return node;
  }

  Random random_;
  SliceTree tree_{};
  std::uint32_t next_ = 0;
};

// One row's leaf by walking.
template <class Sum>
std::uint32_t leaf_of(const Plan<Sum>& plan, const SliceTree& tree, const std::uint8_t* codes) {
  std::uint32_t leaf = 0;
  std::uint8_t at = tree.nodes == 0 ? kSliceLeaf : 0;
  while (at != kSliceLeaf) {
    const SliceNode& node = plan.nodes[tree.first_node + at];
    bool right = codes[node.slot * kBlockRows] > node.test;
    for (std::uint32_t i = 0; i < tree.sets; ++i) {
      const SliceSet& set = plan.sets[tree.first_set + i];
      if (set.out != node.slot) continue;
      right = (set.bits[codes[set.high * kBlockRows]] & codes[set.low * kBlockRows]) != 0;
    }
    leaf += right ? node.left_leaves : 0;
    at = right ? node.right : node.left;
  }
  return leaf;
}

template <class Sum>
void check_plan(const Plan<Sum>& plan, std::uint32_t outputs, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::uint8_t> codes((kFirstOut + kMostSliceLeaves) * kBlockRows);
  for (auto& code : codes) code = static_cast<std::uint8_t>(random.bits());
  for (std::size_t j = 0; j < kBlockRows; ++j) {
    codes[kHigh * kBlockRows + j] = static_cast<std::uint8_t>(random.below(16));
    codes[kLow * kBlockRows + j] = static_cast<std::uint8_t>(1u << random.below(8));
  }
  std::vector<Sum> start;
  for (std::size_t i = 0; i < outputs * kBlockRows; ++i) {
    start.push_back(static_cast<Sum>(random.uniform()));
  }
  std::vector<Sum> wanted = start;
  for (const SliceTree& tree : plan.trees) {
    for (std::size_t j = 0; j < kBlockRows; ++j) {
      const std::uint32_t leaf = leaf_of(plan, tree, codes.data() + j);
      wanted[tree.output * kBlockRows + j] += plan.values[tree.first_value + leaf];
    }
  }
  for (const SliceVariant& variant : slice_variants()) {
    if (!is_runnable(variant.isa)) continue;
    std::vector<Sum> sums = start;
    std::vector<std::uint8_t> own = codes;
    kernel_of<Sum>(variant)(plan.whole(), own.data(), sums.data());
    CHECK(std::memcmp(sums.data(), wanted.data(), sums.size() * sizeof(Sum)) == 0);
  }
}

template <class Sum>
void check_sum() {
  for (const std::uint32_t leaves : {1, 2, 3, 4, 7, 31, 64, 127, 128, 129, 255, 256}) {
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
      PlanMaker<Sum> maker(seed * leaves);
      for (std::uint32_t i = 0; i < 5; ++i) maker.add_tree(i == 3 ? 1 : leaves, i % 3);
      check_plan(maker.plan, 3, seed);
    }
  }
}

}  // namespace

TEST("every variant adds the values that walking finds, in the order of the trees") {
  check_sum<double>();
  check_sum<float>();
  check_plan(Plan<double>{}, 1, 1);
}

}  // namespace kedge

#include "kedge/score/mask.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "kedge/base/buffer.h"
#include "kedge/kernels/tree_mask.h"
#include "kedge/score/leaf_order.h"
#include "kedge/score/ranker.h"
#include "kedge/score/scratch.h"
#include "kedge/score/sums.h"

namespace kedge {
namespace {

constexpr std::uint8_t kNoTest = 0xff;
// As long as eight trees are walked a level down, so many rows of bytes are asked: measured with
// AVX2 and AVX-512; of NEON's instructions it is 18.
constexpr std::size_t kRowsInALevel = 13;
constexpr std::size_t kWalkLanes = 8;

std::uint32_t most_nodes(std::span<const RankTree> trees) {
  return trees.empty() ? 0 : std::ranges::max(trees, {}, &RankTree::nodes).nodes;
}

// The trees of a group.
std::span<const RankTree> lanes_of(const RankedForest& forest, std::size_t group,
                                   std::size_t lanes) {
  const std::size_t first = group * lanes;
  return forest.trees.subspan(first, std::min(lanes, forest.trees.size() - first));
}

std::size_t rows_of(std::span<const RankTree> group) {
  std::size_t rows = 0;
  const std::size_t steps = most_nodes(group);
  for (std::size_t step = 0; step < steps; ++step) rows += mask_step_rows(step);
  return rows;
}

std::size_t rows_asked(const RankedForest& forest, std::size_t lanes) {
  std::size_t rows = 0;
  for (std::size_t i = 0; i * lanes < forest.trees.size(); ++i) {
    rows += rows_of(lanes_of(forest, i, lanes));
  }
  return rows;
}

// Of the eight leaves from `first` on, those before `from` and behind `last`.
std::uint8_t kept_of(std::size_t first, std::size_t from, std::size_t last) {
  unsigned bits = 0xff;
  for (std::size_t leaf = std::max(from, first); leaf <= std::min(last, first + 7); ++leaf) {
    bits ^= 1u << (leaf - first);
  }
  return static_cast<std::uint8_t>(bits);
}

// What a group's trees are asked.
void put_steps(const RankedForest& forest, const LeafOrder& order, std::span<const RankTree> trees,
               std::size_t lanes, std::uint8_t* step) {
  std::vector<std::uint8_t*> starts;
  const std::size_t steps = most_nodes(trees);
  for (std::size_t s = 0; s < steps; ++s) {
    starts.push_back(step);
    std::fill_n(step + lanes, lanes, kNoTest);
    step += mask_step_rows(s) * lanes;
  }
  for (std::size_t lane = 0; lane < trees.size(); ++lane) {
    for (std::size_t i = 0; i < trees[lane].nodes; ++i) {
      const std::size_t node = trees[lane].first_node + i;
      const std::size_t from = order.first_leaf[node];
      const std::size_t last = from + order.left_leaves[node] - 1;
      std::uint8_t* at = starts[last] + lane;
      at[0] = static_cast<std::uint8_t>(forest.nodes[node].slot);
      at[lanes] = static_cast<std::uint8_t>(forest.nodes[node].test);
      for (std::size_t first = 0; first <= last; first += kMaskByteLeaves) {
        at[(2 + first / kMaskByteLeaves) * lanes] = kept_of(first, from, last);
      }
    }
  }
}

std::size_t depth_of(const RankedForest& forest, const RankTree& tree) {
  std::size_t below[kMostMaskLeaves] = {};
  const RankNode* nodes = forest.nodes.data() + tree.first_node;
  const auto depth = [&](std::int32_t child) {
    return child < 0 ? 0 : below[static_cast<std::size_t>(child)];
  };
  for (std::size_t i = tree.nodes; i-- > 0;) {
    below[i] = 1 + std::max(depth(nodes[i].left), depth(nodes[i].right));
  }
  return below[0];
}

std::size_t levels_walked(const RankedForest& forest) {
  std::size_t levels = 0, deepest = 0;
  for (std::size_t i = 0; i < forest.trees.size(); ++i) {
    deepest = std::max(deepest, depth_of(forest, forest.trees[i]));
    if ((i + 1) % kWalkLanes == 0 || i + 1 == forest.trees.size()) {
      levels += std::exchange(deepest, 0);
    }
  }
  return levels;
}

template <class Sum>
class Masks final : public Engine {
 public:
  explicit Masks(const RankedForest& forest)
      : variant_(select_variant(mask_variants(), active_isa())), ranker_(forest) {
    const std::size_t lanes = variant_.lanes;
    steps_ = Buffer(rows_asked(forest, lanes) * lanes);
    const LeafOrder order(forest);
    std::size_t first_byte = 0;
    for (std::size_t i = 0; i * lanes < forest.trees.size(); ++i) {
      const auto trees = lanes_of(forest, i, lanes);
      groups_.push_back({first_byte, most_nodes(trees)});
      put_steps(forest, order, trees, lanes, steps_.as<std::uint8_t>().data() + first_byte);
      first_byte += rows_of(trees) * lanes;
    }
    for (const RankTree& tree : forest.trees) {
      first_.push_back(static_cast<std::uint32_t>(tree.first_leaf));
    }
    sums_.emplace(forest, order.values<Sum>(forest));
  }

  void score(const Rows& rows, void* raw) const noexcept override {
    auto* out = static_cast<Sum*>(raw);
    auto* leaves = scratch<std::uint8_t, Masks>(groups_.size() * variant_.lanes);
    std::uint8_t codes[kMostMaskSlots] = {};
    const MaskPlan plan{groups_, steps_.as<std::uint8_t>().data(), ranker_.slots()};
    for (std::size_t i = 0; i < rows.count; ++i, out += sums_->outputs()) {
      ranker_.row(rows, i, codes);
      variant_.leaves(plan, codes, leaves);
      sums_->start(out);
      const auto place_of = [&](std::size_t tree) { return first_[tree] + leaves[tree]; };
      sums_->add_trees(0, first_.size(), place_of, rows, i, out);
      sums_->finish(out);
    }
  }

 private:
  MaskVariant variant_;
  Ranker ranker_;
  std::vector<MaskGroup> groups_;
  Buffer steps_;
  std::vector<std::uint32_t> first_;  // of each tree: the place of its leaf 0 from the left
  std::optional<Sums<Sum>> sums_;
};

}  // namespace

bool mask_serves(const RankedForest& forest) noexcept {
  const MaskVariant& variant = select_variant(mask_variants(), active_isa());
  if (variant.isa == Isa::kScalar || most_nodes(forest.trees) >= kMostMaskLeaves) return false;
  if (forest.leaf_width != 1 || !forest.linear.empty() || !forest.bits.empty()) return false;
  if (forest.slots.size() > kMostMaskSlots || forest.trees.empty()) return false;
  for (const Slot& slot : forest.slots) {
    if (most_code(forest.tables[slot.table]) > 0xff) return false;
  }
  return rows_asked(forest, variant.lanes) < kRowsInALevel * levels_walked(forest);
}

std::unique_ptr<Engine> make_mask(const RankedForest& forest) {
  if (forest.sums_float32) return std::make_unique<Masks<float>>(forest);
  return std::make_unique<Masks<double>>(forest);
}

}  // namespace kedge

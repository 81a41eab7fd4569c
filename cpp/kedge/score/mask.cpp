#include "kedge/score/mask.h"

#include <algorithm>
#include <optional>
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

template <class Mask, class Sum>
class Masks final : public Engine {
 public:
  explicit Masks(const RankedForest& forest) : ranker_(forest) {
    std::uint32_t steps = 0;
    for (std::size_t i = 0; i < forest.trees.size(); i += kMaskTrees) {
      const auto group = forest.trees.subspan(i, std::min(kMaskTrees, forest.trees.size() - i));
      const auto most = std::ranges::max(group, {}, &RankTree::nodes).nodes;
      groups_.push_back({steps, most, static_cast<std::uint32_t>(group.size())});
      steps += most;
    }
    slots_ = Buffer(steps * kMaskTrees);
    tests_ = Buffer(steps * kMaskTrees);
    masks_ = Buffer(steps * kMaskTrees * sizeof(Mask));
    std::ranges::fill(tests_.as<std::uint8_t>(), kNoTest);
    const LeafOrder order(forest);
    for (std::size_t i = 0; i < groups_.size(); ++i) {
      add(forest, order, groups_[i], forest.trees.subspan(i * kMaskTrees, groups_[i].trees));
    }
    for (const RankTree& tree : forest.trees) {
      first_.push_back(static_cast<std::uint32_t>(tree.first_leaf));
    }
    sums_.emplace(forest, order.values<Sum>(forest));
    const MaskVariant& variant = select_variant(mask_variants(), active_isa());
    if constexpr (sizeof(Mask) == sizeof(std::uint32_t)) {
      kernel_ = variant.leaves_32;
    } else {
      kernel_ = variant.leaves_64;
    }
  }

  void score(const Rows& rows, void* raw) const noexcept override {
    auto* out = static_cast<Sum*>(raw);
    auto* leaves = scratch<std::uint32_t, Masks>(groups_.size() * kMaskTrees);
    std::uint8_t codes[kMostMaskSlots] = {};
    const MaskPlan<Mask> plan{groups_, slots_.as<std::uint8_t>().data(),
                              tests_.as<std::uint8_t>().data(), masks_.as<Mask>().data()};
    for (std::size_t i = 0; i < rows.count; ++i, out += sums_->outputs()) {
      ranker_.row(rows, i, codes);
      kernel_(plan, codes, leaves);
      sums_->start(out);
      for (std::size_t tree = 0; tree < first_.size(); ++tree) leaves[tree] += first_[tree];
      sums_->add_trees(0, {leaves, first_.size()}, rows, i, out);
      sums_->finish(out);
    }
  }

 private:
  void add(const RankedForest& forest, const LeafOrder& order, const MaskGroup& group,
           std::span<const RankTree> trees) {
    auto slots = slots_.as<std::uint8_t>();
    auto tests = tests_.as<std::uint8_t>();
    auto masks = masks_.as<Mask>();
    for (std::size_t step = 0; step < group.steps; ++step) {
      for (std::size_t lane = 0; lane < trees.size(); ++lane) {
        if (step >= trees[lane].nodes) continue;
        const std::size_t node = trees[lane].first_node + step;
        const std::size_t at = (group.first_step + step) * kMaskTrees + lane;
        slots[at] = static_cast<std::uint8_t>(forest.nodes[node].slot);
        tests[at] = static_cast<std::uint8_t>(forest.nodes[node].test);
        masks[at] = ~(first_leaves(order.left_leaves[node]) >> order.first_leaf[node]);
      }
    }
  }

  // The highest bits; a left child never has all leaves.
  static Mask first_leaves(std::uint32_t count) { return ~(~Mask{0} >> count); }

  Ranker ranker_;
  std::vector<MaskGroup> groups_;
  Buffer slots_;
  Buffer tests_;
  Buffer masks_;
  std::vector<std::uint32_t> first_;  // of each tree: the place of its leaf 0 from the left
  std::optional<Sums<Sum>> sums_;
  MaskKernel<Mask> kernel_;
};

template <class Mask>
std::unique_ptr<Engine> with_sum(const RankedForest& forest) {
  if (forest.sums_float32) return std::make_unique<Masks<Mask, float>>(forest);
  return std::make_unique<Masks<Mask, double>>(forest);
}

std::uint32_t most_nodes(const RankedForest& forest) {
  std::uint32_t most = 0;
  for (const RankTree& tree : forest.trees) most = std::max(most, tree.nodes);
  return most;
}

}  // namespace

bool mask_serves(const RankedForest& forest) noexcept {
  if (select_variant(mask_variants(), active_isa()).isa == Isa::kScalar) return false;
  if (forest.leaf_width != 1 || !forest.linear.empty() || !forest.bits.empty()) return false;
  if (forest.slots.size() > kMostMaskSlots || forest.trees.empty()) return false;
  for (const Slot& slot : forest.slots) {
    if (most_code(forest.tables[slot.table]) > 0xff) return false;
  }
  return most_nodes(forest) < 64;
}

std::unique_ptr<Engine> make_mask(const RankedForest& forest) {
  if (most_nodes(forest) < 32) return with_sum<std::uint32_t>(forest);
  return with_sum<std::uint64_t>(forest);
}

}  // namespace kedge

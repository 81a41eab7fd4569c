#include "kedge/score/slice.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "kedge/kernels/tree_slice.h"
#include "kedge/score/leaf_order.h"
#include "kedge/score/ranker.h"
#include "kedge/score/scratch.h"
#include "kedge/score/sums.h"

namespace kedge {
namespace {

constexpr std::uint32_t kMostCategories = 8 * sizeof(SliceSet::bits) - 2;  // and two other codes

// One tree as the kernel wants it.
class SliceBuilder {
 public:
  SliceBuilder(const RankedForest& forest, const LeafOrder& order,
               const std::vector<std::uint32_t>& low_rows, std::uint32_t set_rows)
      : forest_(forest), order_(order), low_rows_(low_rows), set_rows_(set_rows) {}

  SliceTree add(const RankTree& tree) {
    SliceTree out{static_cast<std::uint32_t>(nodes.size()),    tree.nodes,
                  static_cast<std::uint32_t>(sets.size()),     0,
                  static_cast<std::uint32_t>(tree.first_leaf), tree.output};
    const auto part = forest_.nodes.subspan(tree.first_node, tree.nodes);
    for (std::size_t i = 0; i < part.size(); ++i) {
      nodes.push_back(node_of(part[i], order_.left_leaves[tree.first_node + i], out));
    }
    return out;
  }

  std::vector<SliceNode> nodes;
  std::vector<SliceSet> sets;
  std::uint32_t most_sets = 0;  // of one tree

 private:
  SliceNode node_of(const RankNode& node, std::uint32_t left_leaves, SliceTree& tree) {
    const auto place = [](std::int32_t child) {
      return child < 0 ? kSliceLeaf : static_cast<std::uint8_t>(child);
    };
    SliceNode out{static_cast<std::uint16_t>(node.slot), static_cast<std::uint8_t>(node.test),
                  static_cast<std::uint8_t>(left_leaves), place(node.left), place(node.right)};
    if (low_rows_[node.slot] != 0) {
      SliceSet& set = sets.emplace_back();
      const CutTable& table = forest_.tables[forest_.slots[node.slot].table];
      std::memset(set.bits, 0, sizeof set.bits);
      std::memcpy(set.bits, &forest_.bits[node.test],
                  bit_words(table.cuts) * sizeof forest_.bits[0]);
      set.high = node.slot;
      set.low = low_rows_[node.slot];
      set.out = set_rows_ + tree.sets++;
      most_sets = std::max(most_sets, tree.sets);
      out.slot = static_cast<std::uint16_t>(set.out);
      out.test = 0;
    }
    return out;
  }

  const RankedForest& forest_;
  const LeafOrder& order_;
  const std::vector<std::uint32_t>& low_rows_;
  const std::uint32_t set_rows_;
};

template <class Sum>
class Slice final : public Engine {
 public:
  explicit Slice(const RankedForest& forest) : ranker_(forest), low_rows_(forest.slots.size()) {
    auto rows = static_cast<std::uint32_t>(forest.slots.size());
    for (std::size_t i = 0; i < forest.slots.size(); ++i) {
      if (forest.slots[i].rule == SlotRule::kCategory) low_rows_[i] = rows++;
    }
    const LeafOrder order(forest);
    SliceBuilder builder(forest, order, low_rows_, rows);
    for (const RankTree& tree : forest.trees) trees_.push_back(builder.add(tree));
    nodes_ = std::move(builder.nodes);
    sets_ = std::move(builder.sets);
    values_ = order.values<Sum>(forest);
    code_rows_ = rows + builder.most_sets;
    sums_.emplace(forest, std::vector<Sum>());
    const SliceVariant& variant = select_variant(slice_variants(), active_isa());
    if constexpr (sizeof(Sum) == sizeof(float)) {
      kernel_ = variant.add_f32;
    } else {
      kernel_ = variant.add_f64;
    }
  }

  void score(const Rows& rows, void* raw) const noexcept override {
    auto* out = static_cast<Sum*>(raw);
    for (std::size_t i = 0; i < rows.count; i += kBlockRows) {
      const std::size_t length = std::min(rows.count - i, kBlockRows);
      score_block(rows.from(i, length), out + i * sums_->outputs());
    }
  }

 private:
  void score_block(const Rows& rows, Sum* out) const noexcept {
    auto* codes = scratch<std::uint8_t, Slice>(code_rows_ * kBlockRows);
    ranker_.block(rows, rows.count, codes);
    for (std::size_t slot = 0; slot < low_rows_.size(); ++slot) {
      if (low_rows_[slot] == 0) continue;
      std::uint8_t* high = codes + slot * kBlockRows;
      std::uint8_t* low = codes + low_rows_[slot] * kBlockRows;
      for (std::size_t j = 0; j < kBlockRows; ++j) {
        low[j] = static_cast<std::uint8_t>(1u << (high[j] & 7));
        high[j] = (high[j] >> 3) & 15;
      }
    }
    const std::size_t outputs = sums_->outputs();
    auto* sums = scratch<Sum, Slice>(outputs * kBlockRows);
    for (std::size_t k = 0; k < outputs; ++k) {
      for (std::size_t j = 0; j < kBlockRows; ++j) sums[k * kBlockRows + j] = sums_->start_of(k);
    }
    kernel_({trees_, nodes_.data(), sets_.data(), values_.data()}, codes, sums);
    for (std::size_t j = 0; j < rows.count; ++j) {
      for (std::size_t k = 0; k < outputs; ++k) out[j * outputs + k] = sums[k * kBlockRows + j];
      sums_->finish(out + j * outputs);
    }
  }

  Ranker ranker_;
  std::vector<std::uint32_t> low_rows_;  // of each slot of categories; 0 for one of numbers
  std::vector<SliceTree> trees_;
  std::vector<SliceNode> nodes_;
  std::vector<SliceSet> sets_;
  std::vector<Sum> values_;
  std::optional<Sums<Sum>> sums_;
  std::size_t code_rows_ = 0;
  SliceKernel<Sum> kernel_;
};

}  // namespace

bool slice_serves(const RankedForest& forest) noexcept {
  if (forest.leaf_width != 1 || !forest.linear.empty()) return false;
  std::size_t rows = forest.slots.size();
  for (const Slot& slot : forest.slots) {
    const CutTable& table = forest.tables[slot.table];
    const bool is_category = slot.rule == SlotRule::kCategory;
    if (most_code(table) > 0xff || (is_category && table.cuts > kMostCategories)) return false;
    rows += is_category;
  }
  for (const RankTree& tree : forest.trees) {
    if (tree.nodes >= kMostSliceLeaves) return false;
  }
  return rows + kMostSliceLeaves <= 0x10000;
}

std::unique_ptr<Engine> make_slice(const RankedForest& forest) {
  if (forest.sums_float32) return std::make_unique<Slice<float>>(forest);
  return std::make_unique<Slice<double>>(forest);
}

}  // namespace kedge

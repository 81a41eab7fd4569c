#include "kedge/score/walk.h"

#include <algorithm>
#include <numeric>
#include <type_traits>

#include "kedge/score/ranker.h"
#include "kedge/score/scratch.h"
#include "kedge/score/sums.h"
#include "kedge/score/tree_layout.h"

namespace kedge {
namespace {

constexpr std::size_t kLanes = 8;

// A test against a number: the code exceeds it.
struct Exceeds {
  explicit Exceeds(const RankedForest&) {}
  std::uint32_t leaf_test(std::uint32_t most_code) const { return most_code; }
  std::uint32_t test_of(const RankNode& node) const { return node.test; }
  std::uint32_t operator()(std::uint32_t code, std::uint32_t test) const noexcept {
    return code > test ? 1 : 0;
  }
};

// A test against any set of codes: the bit at test + code. A number's bits are a window on a string
// of zeros and ones that all numbers share: it begins so far before the ones as its test says.
class InBits {
 public:
  explicit InBits(const RankedForest& forest) {
    std::uint32_t most = 0;
    for (const Slot& slot : forest.slots) {
      const CutTable& table = forest.tables[slot.table];
      is_category_.push_back(table.kind == FeatureKind::kCategory);
      most = std::max(most, most_code(table));
    }
    zeros_ = (most / 32 + 1) * 32;
    words_.assign(zeros_ / 32, 0);
    words_.resize(2 * words_.size(), ~0u);
    sets_ = static_cast<std::uint32_t>(32 * words_.size());
    words_.insert(words_.end(), forest.bits.begin(), forest.bits.end());
  }
  std::uint32_t leaf_test(std::uint32_t) const { return 0; }
  std::uint32_t test_of(const RankNode& node) const {
    return is_category_[node.slot] ? sets_ + 32 * node.test : zeros_ - 1 - node.test;
  }
  std::uint32_t operator()(std::uint32_t code, std::uint32_t test) const noexcept {
    const std::uint32_t bit = test + code;
    return words_[bit / 32] >> (bit % 32) & 1;
  }

 private:
  std::vector<std::uint32_t> words_;
  std::vector<bool> is_category_;
  std::uint32_t zeros_ = 0;
  std::uint32_t sets_ = 0;
};

template <class Node, class Code, class Sum, class Test>
class Walk final : public Engine {
 public:
  explicit Walk(const RankedForest& forest)
      : ranker_(forest),
        test_(forest),
        layout_(lay_out<Node>(forest, test_.leaf_test(ranker_.most_code()),
                              [&](const RankNode& node) { return test_.test_of(node); })),
        sums_(forest, std::move(layout_.leaf)) {
    order_.resize(layout_.trees.size());
    std::iota(order_.begin(), order_.end(), 0u);
    for (std::size_t i = 0; i < order_.size(); i += kWindow) {
      const auto end = order_.begin() + std::min(i + kWindow, order_.size());
      std::stable_sort(order_.begin() + i, end, [&](std::uint32_t a, std::uint32_t b) {
        return layout_.trees[a].depth < layout_.trees[b].depth;
      });
    }
  }

  void score(const Rows& rows, void* raw) const noexcept override {
    auto* out = static_cast<Sum*>(raw);
    std::size_t i = 0;
    for (; i + kLanes <= rows.count; i += std::min(rows.count - i, kBlockRows)) {
      const std::size_t length = std::min(rows.count - i, kBlockRows);
      score_block(rows.from(i, length), out + i * sums_.outputs());
    }
    for (; i < rows.count; ++i) score_row(rows, i, out + i * sums_.outputs());
  }

 private:
  static constexpr std::size_t kWindow = 64;  // trees that are walked in the order of their depth

  // Lanes of trees: each at its own root, in the codes of one row.
  void walk_trees(const std::uint32_t* trees, std::size_t length, const Code* codes,
                  std::uint32_t* found) const noexcept {
    std::size_t at[kLanes] = {};
    std::uint32_t depth = 0;
    for (std::size_t j = 0; j < length; ++j) {
      at[j] = layout_.trees[trees[j]].root;
      depth = std::max(depth, layout_.trees[trees[j]].depth);
    }
    const Node* nodes = layout_.nodes.data();
    for (std::uint32_t level = 0; level < depth; ++level) {
      for (std::size_t j = 0; j < kLanes; ++j) {
        const Node node = nodes[at[j]];
        at[j] += node.ahead + test_(codes[node.slot], node.test);
      }
    }
    for (std::size_t j = 0; j < length; ++j) found[j] = static_cast<std::uint32_t>(at[j]);
  }

  void score_row(const Rows& rows, std::size_t row, Sum* out) const noexcept {
    Code* codes = scratch<Code, Walk>(ranker_.slots());
    ranker_.row(rows, row, codes);
    sums_.start(out);
    std::uint32_t found[kWindow];
    for (std::size_t i = 0; i < order_.size(); i += kWindow) {
      const std::size_t window = std::min(order_.size() - i, kWindow);
      for (std::size_t j = 0; j < window; j += kLanes) {
        std::uint32_t at[kLanes];
        const std::size_t lanes = std::min(window - j, kLanes);
        walk_trees(&order_[i + j], lanes, codes, at);
        for (std::size_t k = 0; k < lanes; ++k) found[order_[i + j + k] - i] = at[k];
      }
      sums_.add_trees(i, {found, window}, rows, row, out);
    }
    sums_.finish(out);
  }

  // Lanes of rows, all in one tree.
  void score_block(const Rows& rows, Sum* out) const noexcept {
    Code* codes = scratch<Code, Walk>(ranker_.slots() * kBlockRows);
    ranker_.block(rows, rows.count, codes);
    for (std::size_t i = 0; i < rows.count; ++i) sums_.start(out + i * sums_.outputs());
    for (std::size_t tree = 0; tree < layout_.trees.size(); ++tree) {
      for (std::size_t i = 0; i < rows.count; i += kLanes) {
        std::uint32_t at[kLanes];
        walk_rows(layout_.trees[tree], codes + i, at);
        const std::size_t lanes = std::min(rows.count - i, kLanes);
        for (std::size_t j = 0; j < lanes; ++j) {
          sums_.add(tree, at[j], rows, i + j, out + (i + j) * sums_.outputs());
        }
      }
    }
    for (std::size_t i = 0; i < rows.count; ++i) sums_.finish(out + i * sums_.outputs());
  }

  void walk_rows(const LaidOutTree& tree, const Code* codes, std::uint32_t* found) const noexcept {
    std::size_t at[kLanes];
    for (std::size_t j = 0; j < kLanes; ++j) at[j] = tree.root;
    const Node* nodes = layout_.nodes.data();
    for (std::uint32_t level = 0; level < tree.depth; ++level) {
      for (std::size_t j = 0; j < kLanes; ++j) {
        const Node node = nodes[at[j]];
        const Code code = codes[std::size_t{node.slot} * kBlockRows + j];
        at[j] += node.ahead + test_(code, node.test);
      }
    }
    for (std::size_t j = 0; j < kLanes; ++j) found[j] = static_cast<std::uint32_t>(at[j]);
  }

  Ranker ranker_;
  Test test_;
  TreeLayout<Node> layout_;
  Sums<Sum> sums_;
  std::vector<std::uint32_t> order_;
};

template <class Node, class Code, class Test>
std::unique_ptr<Engine> with_sum(const RankedForest& forest) {
  if (forest.sums_float32) return std::make_unique<Walk<Node, Code, float, Test>>(forest);
  return std::make_unique<Walk<Node, Code, double, Test>>(forest);
}

template <class Node, class Code>
std::unique_ptr<Engine> with_test(const RankedForest& forest, bool has_categories) {
  if (has_categories) return with_sum<Node, Code, InBits>(forest);
  return with_sum<Node, Code, Exceeds>(forest);
}

}  // namespace

std::unique_ptr<Engine> make_walk(const RankedForest& forest) {
  std::uint32_t most = 0;
  std::uint32_t tree_nodes = 0;
  for (const CutTable& table : forest.tables) most = std::max(most, most_code(table));
  for (const RankTree& tree : forest.trees) tree_nodes = std::max(tree_nodes, tree.nodes);
  const bool has_categories = !forest.bits.empty();
  const bool is_small = 2 * std::uint64_t{tree_nodes} + 1 <= 0xffff;
  const bool is_narrow = most <= 0xff;
  if (is_small && is_narrow && !has_categories && forest.slots.size() <= 0x100) {
    return with_sum<ByteNode, std::uint8_t, Exceeds>(forest);
  }
  if (is_small && is_narrow && forest.slots.size() <= 0x10000) {
    return with_test<WordNode, std::uint8_t>(forest, has_categories);
  }
  if (is_small && most <= 0xffff && forest.slots.size() <= 0x10000) {
    return with_test<WordNode, std::uint16_t>(forest, has_categories);
  }
  return with_test<WideNode, std::uint32_t>(forest, has_categories);
}

}  // namespace kedge

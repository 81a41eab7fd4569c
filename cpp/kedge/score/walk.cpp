#include "kedge/score/walk.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "kedge/base/sort.h"
#include "kedge/score/ranker.h"
#include "kedge/score/scratch.h"
#include "kedge/score/sums.h"
#include "kedge/score/tree_layout.h"
#include "kedge/score/tree_tests.h"

namespace kedge {
namespace {

constexpr std::size_t kLanes = 8;  // whose loops are unrolled: `at` stays in registers

constexpr std::size_t kWindow = 64;  // trees that are walked in the order of their depth

// Trees that a row walks side by side, each in a lane, of about one depth. A lane without a tree
// walks the first one for nothing.
struct Group {
  std::uint32_t depth = 0;
  std::uint32_t root[kLanes] = {};
  std::uint32_t place[kLanes];  // in the window; behind it of lanes without a tree
};

// `order` has the trees' places in the window in its lower halves.
Group group_of(std::span<const LaidOutTree> window, std::span<const std::uint64_t> order) {
  Group group;
  for (std::uint32_t j = 0; j < kLanes; ++j) {
    group.place[j] = static_cast<std::uint32_t>(kWindow) + j;
    if (j >= order.size()) continue;
    group.place[j] = static_cast<std::uint32_t>(order[j]);
    const LaidOutTree& tree = window[group.place[j]];
    group.root[j] = tree.root;
    group.depth = std::max(group.depth, tree.depth);
  }
  return group;
}

std::vector<Group> grouped(std::span<const LaidOutTree> trees) {
  std::vector<Group> groups;
  for (std::size_t first = 0; first < trees.size(); first += kWindow) {
    const auto window = trees.subspan(first, std::min(kWindow, trees.size() - first));
    std::vector<std::uint64_t> order(window.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
      order[i] = std::uint64_t{window[i].depth} << 32 | i;
    }
    sort_few(order);
    for (std::size_t j = 0; j < order.size(); j += kLanes) {
      const auto lanes = std::span(order).subspan(j, std::min(kLanes, order.size() - j));
      groups.push_back(group_of(window, lanes));
    }
  }
  return groups;
}

// Trees and the walks through them, which do not depend on what is added up at their ends.
template <class Node, class CodeType, class Tests>
class Grove {
 public:
  using Code = CodeType;

  explicit Grove(const RankedForest& forest)
      : ranker_(forest),
        tests_(forest),
        test_(tests_.test()),
        layout_(lay_out<Node>(forest, tests_.leaf_test(ranker_.most_code()),
                              [&](const RankNode& node) { return tests_.test_of(node); })),
        groups_(grouped(layout_.trees)) {}

  std::size_t trees() const noexcept { return layout_.trees.size(); }
  std::vector<std::uint32_t> take_leaves() { return std::move(layout_.leaf); }

  const Code* rank_row(const Rows& rows, std::size_t row) const noexcept {
    Code* codes = scratch<Code, Walks>(ranker_.slots());
    ranker_.row(rows, row, codes);
    return codes;
  }
  const Code* rank_block(const Rows& rows) const noexcept {
    Code* codes = scratch<Code, Walks>(ranker_.slots() * kBlockRows);
    ranker_.block(rows, rows.count, codes);
    return codes;
  }

  // Through trees `first` to `first` + `count` of a window, in whose order `found` has the ends.
  [[gnu::noinline]] void walk_window(std::size_t first, std::size_t count, const Code* codes,
                                     std::uint32_t* found) const noexcept {
    const Group* group = groups_.data() + first / kLanes;
    for (std::size_t j = 0; j < count; j += kLanes) walk_group(*group++, codes, found);
  }

  // Lanes of rows, all in one tree; up to the next full lanes.
  [[gnu::noinline]] void walk_block(std::size_t tree, std::size_t rows, const Code* codes,
                                    std::uint32_t* found) const noexcept {
    for (std::size_t i = 0; i < rows; i += kLanes) {
      walk_rows(layout_.trees[tree], codes + i, found + i);
    }
  }

 private:
  struct Walks;  // whose scratch is

  void walk_group(const Group& group, const Code* codes, std::uint32_t* found) const noexcept {
    std::size_t at[kLanes];
#pragma GCC unroll 8
    for (std::size_t j = 0; j < kLanes; ++j) at[j] = group.root[j];
    const Node* nodes = layout_.nodes.data();
    for (std::uint32_t level = 0; level < group.depth; ++level) {
#pragma GCC unroll 8
      for (std::size_t j = 0; j < kLanes; ++j) {
        const Node node = nodes[at[j]];
        at[j] += step_of(node, codes[node.slot], test_);
      }
    }
#pragma GCC unroll 8
    for (std::size_t j = 0; j < kLanes; ++j) {
      found[group.place[j]] = static_cast<std::uint32_t>(at[j]);
    }
  }

  void walk_rows(const LaidOutTree& tree, const Code* codes, std::uint32_t* found) const noexcept {
    std::size_t at[kLanes];
#pragma GCC unroll 8
    for (std::size_t j = 0; j < kLanes; ++j) at[j] = tree.root;
    const Node* nodes = layout_.nodes.data();
    for (std::uint32_t level = 0; level < tree.depth; ++level) {
#pragma GCC unroll 8
      for (std::size_t j = 0; j < kLanes; ++j) {
        const Node node = nodes[at[j]];
        const Code code = codes[std::size_t{node.slot} * kBlockRows + j];
        at[j] += step_of(node, code, test_);
      }
    }
#pragma GCC unroll 8
    for (std::size_t j = 0; j < kLanes; ++j) found[j] = static_cast<std::uint32_t>(at[j]);
  }

  Ranker ranker_;
  Tests tests_;
  typename Tests::Test test_;
  TreeLayout<Node> layout_;
  std::vector<Group> groups_;
};

template <class Trees, class Sum>
class Walk final : public Engine {
 public:
  explicit Walk(const RankedForest& forest) : grove_(forest), sums_(forest, grove_.take_leaves()) {}

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
  void score_row(const Rows& rows, std::size_t row, Sum* out) const noexcept {
    const auto* codes = grove_.rank_row(rows, row);
    sums_.start(out);
    std::uint32_t found[kWindow + kLanes];
    for (std::size_t i = 0; i < grove_.trees(); i += kWindow) {
      const std::size_t window = std::min(grove_.trees() - i, kWindow);
      grove_.walk_window(i, window, codes, found);
      sums_.add_trees(i, window, [&](std::size_t tree) { return found[tree]; }, rows, row, out);
    }
    sums_.finish(out);
  }

  void score_block(const Rows& rows, Sum* out) const noexcept {
    const auto* codes = grove_.rank_block(rows);
    for (std::size_t i = 0; i < rows.count; ++i) sums_.start(out + i * sums_.outputs());
    std::uint32_t found[kBlockRows];
    for (std::size_t tree = 0; tree < grove_.trees(); ++tree) {
      grove_.walk_block(tree, rows.count, codes, found);
      for (std::size_t i = 0; i < rows.count; ++i) {
        sums_.add(tree, found[i], rows, i, out + i * sums_.outputs());
      }
    }
    for (std::size_t i = 0; i < rows.count; ++i) sums_.finish(out + i * sums_.outputs());
  }

  Trees grove_;
  Sums<Sum> sums_;
};

struct MakeWalk {
  template <class Node, class Code, class Tests>
  std::unique_ptr<Engine> operator()(const RankedForest& forest) const {
    using Trees = Grove<Node, Code, Tests>;
    if (forest.sums_float32) return std::make_unique<Walk<Trees, float>>(forest);
    return std::make_unique<Walk<Trees, double>>(forest);
  }
};

}  // namespace

std::unique_ptr<Engine> make_walk(const RankedForest& forest) {
  return with_narrowest(forest, MakeWalk{});
}

}  // namespace kedge

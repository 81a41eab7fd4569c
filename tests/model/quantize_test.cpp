#include "kedge/model/quantize.h"

#include <functional>
#include <limits>
#include <string_view>
#include <vector>

#include "check.h"
#include "kedge/base/error.h"
#include "score/random_forest.h"

namespace kedge {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// A ranked forest whose parts may be changed.
struct Loose {
  explicit Loose(const RankedForest& forest)
      : whole(forest),
        tables(forest.tables.begin(), forest.tables.end()),
        cuts(forest.cuts.begin(), forest.cuts.end()),
        slots(forest.slots.begin(), forest.slots.end()),
        nodes(forest.nodes.begin(), forest.nodes.end()),
        trees(forest.trees.begin(), forest.trees.end()),
        leaves(forest.leaves.begin(), forest.leaves.end()),
        bits(forest.bits.begin(), forest.bits.end()),
        linear(forest.linear.begin(), forest.linear.end()),
        terms(forest.terms.begin(), forest.terms.end()) {}

  RankedForest ranked() const {
    RankedForest forest = whole;
    forest.tables = tables;
    forest.cuts = cuts;
    forest.slots = slots;
    forest.nodes = nodes;
    forest.trees = trees;
    forest.leaves = leaves;
    forest.bits = bits;
    forest.linear = linear;
    forest.terms = terms;
    return forest;
  }

  RankedForest whole;
  std::vector<CutTable> tables;
  std::vector<double> cuts;
  std::vector<Slot> slots;
  std::vector<RankNode> nodes;
  std::vector<RankTree> trees;
  std::vector<double> leaves;
  std::vector<std::uint32_t> bits;
  std::vector<LinearSpan> linear;
  std::vector<LinearTerm> terms;
};

struct Damage {
  std::string_view part;  // of the error's text
  std::function<void(Loose&)> make;
};

TreeNode asks(std::uint32_t feature, double threshold, Missing missing, std::int32_t left,
              std::int32_t right) {
  TreeNode node;
  node.missing = missing;
  node.feature = feature;
  node.threshold = threshold;
  node.left = left;
  node.right = right;
  return node;
}

// Feature 0 has two cuts and two slots, feature 1 categories 2 and 5; a linear leaf has a term.
Forest small_forest() {
  Forest forest;
  forest.features.resize(2);
  forest.start = forest.bias = {0};
  forest.sets = {{2, 5}, {5}};
  TreeNode set = asks(1, 0, Missing::kNan, ~2, ~3);
  set.test = Test::kInSet;
  const std::vector<TreeNode> nodes = {asks(0, 1, Missing::kNan, 1, 2),
                                       asks(0, 2, Missing::kZero, ~0, ~1), set};
  forest.trees = {{nodes, {1, 2, 3, 4}, 0}, {{}, {5}, 0}};
  forest.linear = {std::vector<LinearLeaf>(4), std::vector<LinearLeaf>(1)};
  forest.linear[0][1].terms = {{1, 0.5}};
  return forest;
}

void check_damages(const std::vector<Damage>& damages) {
  const RankedForest ranked = quantize(small_forest());
  check(ranked);
  for (const Damage& damage : damages) {
    Loose loose(ranked);
    damage.make(loose);
    const RankedForest damaged = loose.ranked();
    CHECK_ERROR(damage.part, check(damaged));
  }
}

}  // namespace

TEST("what quantize makes passes the check, for every shape of forest") {
  for (const test::ForestShape& shape : test::forest_shapes()) {
    const RankedForest ranked = quantize(test::random_forest(shape, 77));
    CHECK(test::error_of([&] { check(ranked); }) == "no error");
  }
}

TEST("check names the damaged number of a model, and its bound") {
  check_damages({
      {"a model of 0 features", [](Loose& f) { f.whole.features = 0; }},
      {"a model of 65536 features", [](Loose& f) { f.whole.features = 65'536; }},
      {"a model of 0 outputs", [](Loose& f) { f.whole.outputs = 0; }},
      {"leaves of 0 values", [](Loose& f) { f.whole.leaf_width = 0; }},
      {"leaves of 2 values", [](Loose& f) { f.whole.leaf_width = 2; }},
      {"start and bias have 2 and 1", [](Loose& f) { f.whole.start.push_back(0); }},
  });
}

TEST("check names the damaged cut table, cut or slot, and its bound") {
  check_damages({
      {"cut table 1: feature 2 of 2", [](Loose& f) { f.tables[1].feature = 2; }},
      {"cut table 1: feature 0 does not rise",
       [](Loose& f) {
         f.tables[1].feature = 0;
         f.tables[1].kind = FeatureKind::kNumber;
       }},
      {"cut table 0: kind 2", [](Loose& f) { f.tables[0].kind = FeatureKind{2}; }},
      {"cut table 0: cuts 1 to 3", [](Loose& f) { f.tables[0].first_cut = 1; }},
      {"cut table 1: cuts 2 to 5 of 4", [](Loose& f) { f.tables[1].cuts = 3; }},
      {"cuts 2 to 4294967297 of 4", [](Loose& f) { f.tables[1].cuts = 0xffff'ffff; }},
      {"cut table 1: cuts 1 to 3 of 4; they must begin at 2",
       [](Loose& f) { f.tables[1].first_cut = 1; }},
      {"have 3 cuts, 4 are there", [](Loose& f) { f.tables[1].cuts = 1; }},
      {"have 0 cuts, 4 are there", [](Loose& f) { f.tables.clear(); }},
      {"cut table 0: cut 1 = ", [](Loose& f) { f.cuts[1] = f.cuts[0]; }},
      {"cut table 0: cut 1 = ", [](Loose& f) { f.cuts[0] = kNan; }},
      {"cut table 1: cut 0 = 2.5 is no category", [](Loose& f) { f.cuts[2] = 2.5; }},
      {"cut table 1: cut 0 = -1 is no category", [](Loose& f) { f.cuts[2] = -1; }},
      {"cut table 1: cut 1 = 2147483648 is no", [](Loose& f) { f.cuts[3] = 2147483648.0; }},
      {"cut table 1: cut 1 = nan is no category", [](Loose& f) { f.cuts[3] = kNan; }},
      {"slot 2: cut table 2 of 2", [](Loose& f) { f.slots[2].table = 2; }},
      {"slot 0: rule 5 does not fit", [](Loose& f) { f.slots[0].rule = SlotRule::kCategory; }},
      {"slot 2: rule 0 does not fit", [](Loose& f) { f.slots[2].rule = SlotRule::kNanLow; }},
      {"slot 1: rule 6 does not fit", [](Loose& f) { f.slots[1].rule = SlotRule{6}; }},
      {"slot 1: cut table 0 does not rise", [](Loose& f) { f.slots[1] = f.slots[0]; }},
      {"slot 1: cut table 0 does not rise", [](Loose& f) { std::swap(f.slots[0], f.slots[2]); }},
  });
}

TEST("check names the damaged node, tree or leaf, and its bound") {
  check_damages({
      {"tree 0, node 1: slot 3 of 3", [](Loose& f) { f.nodes[1].slot = 3; }},
      {"tree 0, node 1: test 2 of 2", [](Loose& f) { f.nodes[1].test = 2; }},
      {"tree 0, node 2: test 1 of 1", [](Loose& f) { f.nodes[2].test = 1; }},
      {"tree 0, node 2: test 4294967295", [](Loose& f) { f.nodes[2].test = 0xffff'ffff; }},
      {"tree 0, node 2: test 0 of 0", [](Loose& f) { f.bits.clear(); }},
      {"tree 0, node 0: child 0 is neither", [](Loose& f) { f.nodes[0].left = 0; }},
      {"tree 0, node 0: child 3 is neither", [](Loose& f) { f.nodes[0].left = 3; }},
      {"tree 0, node 1: child -5 is neither", [](Loose& f) { f.nodes[1].left = ~4; }},
      {"child -2147483648 is neither", [](Loose& f) { f.nodes[1].left = -2147483647 - 1; }},
      {"child 2 has another parent too", [](Loose& f) { f.nodes[0].left = 2; }},
      {"child -2 has another parent too", [](Loose& f) { f.nodes[1].left = ~1; }},
      {"tree 0: node 1 (3 of them)", [](Loose& f) { f.trees[0].first_node = 1; }},
      {"tree 1: node 3 (0 of them), leaf 3", [](Loose& f) { f.trees[1].first_leaf = 3; }},
      {"tree 0: node 0 (4 of them)", [](Loose& f) { f.trees[0].nodes = 4; }},
      {"tree 0: node 0 (4294967295 of", [](Loose& f) { f.trees[0].nodes = 0xffff'ffff; }},
      {"output 1 do not fit", [](Loose& f) { f.trees[1].output = 1; }},
      {"output 4294967295 do not", [](Loose& f) { f.trees[1].output = 0xffff'ffff; }},
      {"the trees have 3 nodes and 4 leaves", [](Loose& f) { f.trees.pop_back(); }},
      {"the trees have 3 nodes and 5 leaves", [](Loose& f) { f.nodes.emplace_back(); }},
      {"tree 1: node 3", [](Loose& f) { f.leaves.pop_back(); }},
      {"and 6 are there", [](Loose& f) { f.leaves.push_back(0); }},
      {"4 linear leaves of 5", [](Loose& f) { f.linear.pop_back(); }},
      {"linear leaf 1: terms 2 and 1 more of 1", [](Loose& f) { f.linear[1].first_term = 2; }},
      {"linear leaf 1: terms 0 and 18446744073709551615 more",
       [](Loose& f) { f.linear[1].terms = ~std::uint64_t{0}; }},
      {"linear leaf 2: terms 0 and 0 more of 1; they must begin at 1",
       [](Loose& f) { f.linear[2].first_term = 0; }},
      {"the linear leaves have 1 terms, 2 are there",
       [](Loose& f) { f.terms.push_back(f.terms[0]); }},
      {"term 0: feature 2 of 2", [](Loose& f) { f.terms[0].feature = 2; }},
  });
}

TEST("feature_uses counts nodes and terms") {
  CHECK(feature_uses(quantize(small_forest())) == std::vector<std::uint64_t>{2, 2});
}

}  // namespace kedge

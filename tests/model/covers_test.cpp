#include "kedge/model/covers.h"

#include <cmath>
#include <limits>
#include <vector>

#include "check.h"
#include "kedge/base/error.h"

namespace kedge {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// A chain of two nodes, whose second one is on the right, and trees of one leaf around it.
Forest forest_of(std::vector<double> covers) {
  Forest forest;
  forest.features = {{"x", FeatureKind::kNumber, {}}};
  forest.start = forest.bias = {0};
  Tree alone;
  alone.leaves = {7};
  Tree chain;
  chain.leaves = {1, 2, 3};
  chain.nodes.resize(2);
  chain.nodes[0].left = ~0;
  chain.nodes[0].right = 1;
  chain.nodes[1].left = ~1;
  chain.nodes[1].right = ~2;
  chain.leaf_covers = std::move(covers);
  forest.trees = {alone, chain, alone};
  return forest;
}

bool has_none(const Forest& forest) {
  for (const Tree& tree : forest.trees) {
    if (!tree.leaf_covers.empty() || !tree.node_covers.empty()) return false;
  }
  return true;
}

using Covers = std::vector<double>;

}  // namespace

TEST("nodes get the sums of their children, and a lone leaf 0") {
  Forest forest = forest_of({0, 2.5, 4});
  forest.trees[2].leaf_covers = {9};
  finish_covers(forest);
  check(forest);
  CHECK(forest.trees[0].leaf_covers == Covers{0} && forest.trees[0].node_covers.empty());
  CHECK((forest.trees[1].node_covers == Covers{6.5, 6.5}));
  CHECK(forest.trees[2].leaf_covers == Covers{9});
}

TEST("covers that are none are taken from all trees") {
  const Covers odd[] = {{},           {1, 2},           {1, 2, 3, 4},          {1, -1, 2},
                        {1, 2, kNan}, {1, HUGE_VAL, 2}, {1, 2, 2 * kMostCover}};
  for (const Covers& covers : odd) {
    Forest forest = forest_of(covers);
    finish_covers(forest);
    CHECK(has_none(forest));
    check(forest);
  }
}

TEST("what an importer says of nodes must agree with the leaves") {
  const auto keeps = [](Covers told) {
    Forest forest = forest_of({1, 2, 4});
    forest.trees[1].node_covers = std::move(told);
    finish_covers(forest);
    check(forest);
    return !has_none(forest);
  };
  CHECK(keeps({7, 6}));
  CHECK(keeps({7.000001, 5.999999}));
  CHECK(!keeps({7, 5}));
  CHECK(!keeps({1, 1}));
  CHECK(!keeps({7}));
  CHECK(!keeps({kNan, 6}));
}

TEST("a tree that is none keeps no covers, and is refused as before") {
  for (const std::int32_t child : {2, 0, 9, ~3, std::numeric_limits<std::int32_t>::min()}) {
    Forest forest = forest_of({1, 2, 4});
    forest.trees[1].nodes[1].left = child;
    finish_covers(forest);
    CHECK(has_none(forest));
    CHECK_ERROR("tree 1, node 1: child", check(forest));
  }
}

TEST("covers that importers did not finish are refused") {
  Forest some = forest_of({1, 2, 4});
  CHECK_ERROR("tree 1 has 3 covers of leaves; either all", check(some));
  Forest wrong = forest_of({1, 2, 4});
  finish_covers(wrong);
  wrong.trees[1].node_covers[1] = 5;
  CHECK_ERROR("tree 1: the covers of its 2 nodes are not the sums", check(wrong));
  wrong.trees[1].leaf_covers[0] = -1;
  CHECK_ERROR("tree 1 has 3 covers of 3 leaves, or one that is not from 0", check(wrong));
}

TEST("a quantised forest has covers as floats where they fit, and gives them by tree") {
  for (const double last : {4.0, 0.1}) {
    Forest forest = forest_of({1, 2, last});
    finish_covers(forest);
    const RankedForest ranked = quantize(forest);
    check(ranked);
    CHECK(has_covers(ranked));
    CHECK(ranked.covers.floats.size() == (last == 4 ? 5 : 0));
    CHECK(ranked.covers.size() == 5 && ranked.covers[4] == 0);
    const TreeCovers covers = tree_covers(ranked, 1);
    CHECK(covers.leaves == forest.trees[1].leaf_covers);
    CHECK(covers.nodes == forest.trees[1].node_covers);
    CHECK(tree_covers(ranked, 2).nodes.empty() && tree_covers(ranked, 2).leaves == Covers{0});
  }
  CHECK(!has_covers(quantize(forest_of({}))));
}

TEST("covers of a quantised forest are held to their bounds") {
  RankedForest ranked = quantize(forest_of({}));
  const std::vector<double> few = {1, 2, 3, 4};
  const std::vector<double> odd = {1, 2, kNan, 4, 5};
  ranked.covers = {{}, few};
  CHECK_ERROR("4 covers of 5 leaves", check(ranked));
  ranked.covers = {{}, odd};
  CHECK_ERROR("the cover of leaf 2 is nan, 0 to 1", check(ranked));
}

}  // namespace kedge

#include "kedge/model/covers.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "kedge/base/error.h"

namespace kedge {
namespace {

bool is_cover(double cover) { return cover >= 0 && cover <= kMostCover; }

// A parent comes before its children, and all of them are there.
template <class Node>
std::vector<double> sums(std::span<const Node> nodes, std::span<const double> leaf_covers) {
  std::vector<double> covers(nodes.size());
  const auto of = [&](std::int32_t child) {
    return child >= 0 ? covers[static_cast<std::size_t>(child)]
                      : leaf_covers[~static_cast<std::size_t>(child)];
  };
  for (std::size_t i = nodes.size(); i-- > 0;) covers[i] = of(nodes[i].left) + of(nodes[i].right);
  return covers;
}

bool children_are_there(const Tree& tree) {
  for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
    for (const std::int32_t child : {tree.nodes[i].left, tree.nodes[i].right}) {
      const auto place =
          child >= 0 ? static_cast<std::size_t>(child) : static_cast<std::size_t>(~child);
      if (child >= 0 ? place <= i || place >= tree.nodes.size() : place > tree.nodes.size()) {
        return false;
      }
    }
  }
  return true;
}

bool is_covered(const Tree& tree) {
  return tree.leaf_covers.size() == tree.nodes.size() + 1 &&
         std::ranges::all_of(tree.leaf_covers, is_cover) && children_are_there(tree);
}

// Trainers add in floats.
bool agree(double told, double sum) {
  constexpr double kRounding = 1e-3;
  return std::fabs(told - sum) <= kRounding * sum;
}

// Sets the sums of a tree that has covers.
bool sum_up(Tree& tree) {
  if (!is_covered(tree)) return false;
  const std::vector<double> told =
      std::exchange(tree.node_covers, sums<TreeNode>(tree.nodes, tree.leaf_covers));
  return told.empty() || std::ranges::equal(told, tree.node_covers, agree);
}

}  // namespace

void finish_covers(Forest& forest) {
  for (Tree& tree : forest.trees) {
    if (tree.nodes.empty() && !is_covered(tree)) tree.leaf_covers = {0};
  }
  if (std::ranges::all_of(forest.trees, sum_up)) return;
  for (Tree& tree : forest.trees) {
    tree.leaf_covers.clear();
    tree.node_covers.clear();
  }
}

void check_covers(const Forest& forest) {
  for (std::size_t i = 0; i < forest.trees.size(); ++i) {
    const Tree& tree = forest.trees[i];
    if (tree.leaf_covers.empty() != forest.trees.front().leaf_covers.empty()) {
      throw corrupt_data("tree ", i, " has ", tree.leaf_covers.size(),
                         " covers of leaves; either all trees have them, or none");
    }
    if (tree.leaf_covers.empty() && tree.node_covers.empty()) continue;
    if (!is_covered(tree)) {
      throw corrupt_data("tree ", i, " has ", tree.leaf_covers.size(), " covers of ",
                         tree.nodes.size() + 1, " leaves, or one that is not from 0 to ",
                         kMostCover);
    }
    if (tree.node_covers != sums<TreeNode>(tree.nodes, tree.leaf_covers)) {
      throw corrupt_data("tree ", i, ": the covers of its ", tree.nodes.size(),
                         " nodes are not the sums of their children's");
    }
  }
}

CoverLists list_covers(const Forest& forest) {
  std::vector<double> doubles;
  for (const Tree& tree : forest.trees) {
    doubles.insert(doubles.end(), tree.leaf_covers.begin(), tree.leaf_covers.end());
  }
  const auto is_float = [](double cover) {
    return cover <= double{std::numeric_limits<float>::max()} &&
           double{static_cast<float>(cover)} == cover;
  };
  if (!std::ranges::all_of(doubles, is_float)) return {{}, std::move(doubles)};
  std::vector<float> floats;
  floats.reserve(doubles.size());
  for (const double cover : doubles) floats.push_back(static_cast<float>(cover));
  return {std::move(floats), {}};
}

void check_covers(const RankedForest& forest) {
  const std::size_t covers = forest.covers.size();
  if (covers != 0 && covers != forest.leaf_count()) {
    throw corrupt_data(covers, " covers of ", forest.leaf_count(), " leaves");
  }
  for (std::size_t i = 0; i < covers; ++i) {
    if (!is_cover(forest.covers[i])) {
      throw corrupt_data("the cover of leaf ", i, " is ", forest.covers[i], ", 0 to ", kMostCover,
                         " is wanted");
    }
  }
}

bool has_covers(const RankedForest& forest) noexcept {
  return forest.covers.size() == forest.leaf_count();
}

TreeCovers tree_covers(const RankedForest& forest, std::size_t tree) {
  const RankTree& place = forest.trees[tree];
  TreeCovers covers;
  covers.leaves.reserve(std::size_t{place.nodes} + 1);
  for (std::size_t i = 0; i <= place.nodes; ++i) {
    covers.leaves.push_back(forest.covers[place.first_leaf + i]);
  }
  covers.nodes = sums(forest.nodes.subspan(place.first_node, place.nodes), covers.leaves);
  return covers;
}

}  // namespace kedge

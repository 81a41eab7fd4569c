#include "kedge/model/onnx_trees.h"

#include <algorithm>
#include <cmath>

namespace kedge {
namespace {

// A leaf has a value for each output once one tree votes for several; a file must not claim more
// of these than what it says justifies.
constexpr std::size_t kFreeValues = std::size_t{1} << 20;
constexpr std::size_t kValuesPerVote = 64;

// Builds trees from the root down, so that every branch is taken at most once.
class Builder {
 public:
  Builder(const OnnxNode& node, const OnnxTrees& trees, Forest& forest)
      : node_(node), trees_(trees), forest_(forest), taken_(trees.branches.size()) {}

  // `leaves` becomes the leaf of the operator at each leaf of the tree. Nodes get the hit rates
  // that the file gives them, which `finish_covers` holds against those of the leaves.
  Tree tree(OnnxPlace root, std::vector<std::size_t>& leaves) {
    struct Open {
      OnnxPlace place;
      std::size_t parent;
      bool is_left;
    };
    Tree tree;
    std::vector<Open> open = {{root, 0, false}};
    while (!open.empty()) {
      const Open next = open.back();
      open.pop_back();
      std::int32_t child = 0;
      if (next.place < 0) {
        child = ~static_cast<std::int32_t>(leaves.size());
        leaves.push_back(static_cast<std::size_t>(~next.place));
        if (!trees_.hits.empty()) tree.leaf_covers.push_back(trees_.hits[leaves.back()]);
      } else {
        child = static_cast<std::int32_t>(tree.nodes.size());
        if (!trees_.hits.empty()) {
          tree.node_covers.push_back(trees_.hits[static_cast<std::size_t>(next.place)]);
        }
        const auto [node, left, right] = test(take(next.place));
        tree.nodes.push_back(node);
        open.push_back({right, static_cast<std::size_t>(child), false});
        open.push_back({left, static_cast<std::size_t>(child), true});
      }
      if (next.place == root) continue;
      TreeNode& parent = tree.nodes[next.parent];
      (next.is_left ? parent.left : parent.right) = child;
    }
    return tree;
  }

 private:
  struct Tested {
    TreeNode node;
    OnnxPlace left;
    OnnxPlace right;
  };

  const OnnxBranch& take(OnnxPlace place) {
    const auto at = static_cast<std::size_t>(place);
    if (taken_[at]) node_.refuse("node ", at, " has two parents");
    taken_[at] = true;
    return trees_.branches[at];
  }

  Tested test(const OnnxBranch& branch) {
    TreeNode node{.feature = branch.feature, .threshold = branch.value};
    switch (branch.mode) {
      case OnnxMode::kLessEqual:
      case OnnxMode::kLess:
        node.test = branch.mode == OnnxMode::kLess ? Test::kLess : Test::kLessEqual;
        node.missing_left = branch.nan_is_true;
        return {node, branch.if_true, branch.if_false};
      case OnnxMode::kGreaterEqual:
      case OnnxMode::kGreater:
        // The opposite, and NaN is nevertheless false.
        node.test = branch.mode == OnnxMode::kGreater ? Test::kLessEqual : Test::kLess;
        node.missing_left = !branch.nan_is_true;
        return {node, branch.if_false, branch.if_true};
      default:
        return test_set(branch);
    }
  }

  // Converters write "one of these categories" as a chain of EQ nodes that share their true child.
  Tested test_set(const OnnxBranch& branch) {
    const bool is_member = branch.mode == OnnxMode::kMember;
    std::vector<double> members = is_member ? branch.members : std::vector{branch.value};
    const OnnxBranch* last = &branch;
    while (branch.mode == OnnxMode::kEqual && last->if_false >= 0) {
      const OnnxBranch& next = trees_.branches[static_cast<std::size_t>(last->if_false)];
      if (next.mode != OnnxMode::kEqual || next.feature != branch.feature ||
          next.if_true != branch.if_true || next.nan_is_true != branch.nan_is_true) {
        break;
      }
      last = &take(last->if_false);
      members.push_back(last->value);
    }
    const bool is_not = branch.mode == OnnxMode::kNotEqual;
    TreeNode node{.test = is_not ? Test::kNotInSet : Test::kInSet,
                  .missing_left = branch.nan_is_true || is_not,  // NaN differs from everything
                  .feature = branch.feature,
                  .set = static_cast<std::uint32_t>(forest_.sets.size())};
    forest_.sets.push_back(categories(members));
    return {node, branch.if_true, last->if_false};
  }

  std::vector<std::uint32_t> categories(const std::vector<double>& members) const {
    std::vector<std::uint32_t> set;
    for (const double member : members) {
      if (!(member >= 0 && member <= kMostCategory && member == std::trunc(member))) {
        throw unsupported(node_.operation, ": a test whether a value is ", member,
                          ", whole numbers from 0 to ", kMostCategory, " are known");
      }
      set.push_back(static_cast<std::uint32_t>(member));
    }
    std::ranges::sort(set);
    const auto repeated = std::ranges::unique(set);
    set.erase(repeated.begin(), repeated.end());
    return set;
  }

  const OnnxNode& node_;
  const OnnxTrees& trees_;
  Forest& forest_;
  std::vector<bool> taken_;
};

std::span<const OnnxVote> votes_of(const OnnxTrees& trees, std::size_t leaf) {
  const auto [first, last] = std::ranges::equal_range(trees.votes, leaf, {}, &OnnxVote::leaf);
  return {first, last};
}

// The one target that a tree's leaves vote for, or no answer when there are several.
bool has_one_target(const OnnxTrees& trees, std::span<const std::size_t> leaves,
                    std::uint32_t& target) {
  bool is_known = false;
  for (const std::size_t leaf : leaves) {
    for (const OnnxVote& vote : votes_of(trees, leaf)) {
      if (is_known && vote.target != target) return false;
      target = vote.target;
      is_known = true;
    }
  }
  return true;
}

}  // namespace

void add_onnx_trees(const OnnxNode& node, const OnnxTrees& trees, Forest& forest) {
  Builder builder(node, trees, forest);
  std::vector<std::vector<std::size_t>> leaves(trees.roots.size());
  std::size_t leaf_count = 0;
  forest.leaf_width = 1;
  for (std::size_t i = 0; i < trees.roots.size(); ++i) {
    Tree tree = builder.tree(trees.roots[i], leaves[i]);
    if (!has_one_target(trees, leaves[i], tree.output)) forest.leaf_width = forest.outputs;
    leaf_count += leaves[i].size();
    forest.trees.push_back(std::move(tree));
  }
  const std::size_t width = forest.leaf_width;
  const std::size_t most = kFreeValues + kValuesPerVote * trees.votes.size();
  if (width > 1 && leaf_count > most / width) {
    throw resource_exhausted(node.operation, ": ", leaf_count, " leaves for ", width,
                             " targets with ", trees.votes.size(), " votes");
  }
  for (std::size_t i = 0; i < forest.trees.size(); ++i) {
    Tree& tree = forest.trees[i];
    if (width > 1) tree.output = 0;
    tree.leaves.resize(leaves[i].size() * width);
    for (std::size_t j = 0; j < leaves[i].size(); ++j) {
      for (const OnnxVote& vote : votes_of(trees, leaves[i][j])) {
        tree.leaves[j * width + vote.target - tree.output] = vote.weight;
      }
    }
  }
}

}  // namespace kedge

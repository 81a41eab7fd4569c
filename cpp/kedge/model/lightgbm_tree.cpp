#include "kedge/model/lightgbm_tree.h"

#include <bit>
#include <iterator>
#include <limits>
#include <optional>
#include <span>

#include "kedge/model/lightgbm_parts.h"
#include "kedge/model/node_order.h"

namespace kedge {
namespace {

// The bits of "decision_type": category, default left, and two of what is missing.
constexpr std::int32_t kCategoryBit = 1;
constexpr std::int32_t kLeftBit = 2;
constexpr std::int32_t kMissingShift = 2;

// Bit b of word w stands for category 32 * w + b.
std::vector<std::uint32_t> categories(std::span<const std::uint32_t> words) {
  std::vector<std::uint32_t> set;
  for (std::size_t i = 0; i < words.size(); ++i) {
    for (std::uint32_t bits = words[i]; bits != 0; bits &= bits - 1) {
      set.push_back(static_cast<std::uint32_t>(32 * i) +
                    static_cast<std::uint32_t>(std::countr_zero(bits)));
    }
  }
  return set;
}

void add_sets(const KeyLines& lines, Forest& forest) {
  const auto count =
      static_cast<std::size_t>(lines.whole("num_cat", 0, std::numeric_limits<std::int32_t>::max()));
  if (count == 0) return;
  const auto bounds = lines.numbers<std::uint32_t>("cat_boundaries", count + 1);
  const auto words = lines.numbers<std::uint32_t>("cat_threshold", bounds.back());
  for (std::size_t i = 0; i < count; ++i) {
    if (bounds[i] > bounds[i + 1] || bounds[i + 1] > words.size() ||
        bounds[i + 1] - bounds[i] > kMostCategory / 32) {
      throw lines.wrong("cat_boundaries", "goes from ", bounds[i], " to ", bounds[i + 1], " of ",
                        words.size(), " words");
    }
    forest.sets.push_back(
        categories(std::span(words).subspan(bounds[i], bounds[i + 1] - bounds[i])));
  }
}

struct NodeLines {
  std::vector<std::int32_t> feature;
  std::vector<double> threshold;
  std::vector<std::int32_t> decision;
  std::vector<std::int32_t> left;
  std::vector<std::int32_t> right;
};

NodeLines node_lines(const KeyLines& lines, std::size_t nodes) {
  NodeLines read;
  read.feature = lines.numbers<std::int32_t>("split_feature", nodes);
  read.threshold = lines.numbers<double>("threshold", nodes);
  read.decision = lines.has("decision_type") ? lines.numbers<std::int32_t>("decision_type", nodes)
                                             : std::vector<std::int32_t>(nodes);
  read.left = lines.numbers<std::int32_t>("left_child", nodes);
  read.right = lines.numbers<std::int32_t>("right_child", nodes);
  return read;
}

// The sets of this tree are those of the forest from `first_set` on.
TreeNode tree_node(const KeyLines& lines, const NodeLines& read, std::size_t i,
                   std::size_t first_set, const Forest& forest) {
  if (read.feature[i] < 0) {
    throw lines.wrong("split_feature", "has ", read.feature[i], " as value ", i);
  }
  TreeNode node;
  node.feature = static_cast<std::uint32_t>(read.feature[i]);
  node.left = read.left[i];
  node.right = read.right[i];
  const std::int32_t decision = read.decision[i];
  constexpr Missing kMissing[] = {Missing::kNone, Missing::kZero, Missing::kNan};
  if (decision < 0 || decision >> kMissingShift >= std::ssize(kMissing)) {
    throw lines.wrong("decision_type", "has ", decision, " as value ", i);
  }
  const double threshold = read.threshold[i];
  if ((decision & kCategoryBit) != 0) {
    const std::size_t sets = forest.sets.size() - first_set;
    if (!(threshold >= 0 && threshold < static_cast<double>(sets))) {
      throw lines.wrong("threshold", "has ", threshold, " as value ", i, ", one of ", sets,
                        " category sets is wanted");
    }
    node.test = Test::kInSet;  // NaN is no category and goes right, whatever the other bits say
    node.set = static_cast<std::uint32_t>(first_set + static_cast<std::size_t>(threshold));
  } else {
    node.missing = kMissing[decision >> kMissingShift];
    node.missing_left = (decision & kLeftBit) != 0;
    node.threshold = lightgbm_threshold(threshold);
  }
  return node;
}

bool is_linear(const KeyLines& lines) {
  return lines.has("is_linear") && lines.whole("is_linear", 0, 1) == 1;
}

std::vector<LinearLeaf> linear_leaves(const KeyLines& lines, std::size_t leaves) {
  const auto constants = lines.numbers<double>("leaf_const", leaves);
  const auto counts = lines.numbers<std::uint32_t>("num_features", leaves);
  std::size_t terms = 0;
  for (const std::uint32_t count : counts) terms += count;
  const auto features = lines.numbers<std::uint32_t>("leaf_features", terms);
  const auto coefficients = lines.numbers<double>("leaf_coeff", terms);
  std::vector<LinearLeaf> linear(leaves);
  std::size_t at = 0;
  for (std::size_t i = 0; i < leaves; ++i) {
    linear[i].constant = constants[i];
    for (std::uint32_t j = 0; j < counts[i]; ++j, ++at) {
      linear[i].terms.push_back({features[at], coefficients[at]});
    }
  }
  return linear;
}

}  // namespace

void add_lightgbm_tree(const KeyLines& lines, Forest& forest) {
  const auto leaves = static_cast<std::size_t>(
      lines.whole("num_leaves", 1, std::numeric_limits<std::int32_t>::max()));
  Tree tree;
  tree.leaves = lines.numbers<double>("leaf_value", leaves);
  // Rows, not "leaf_weight", are what LightGBM's own pred_contrib weighs by.
  if (lines.has("leaf_count") && !lines.at("leaf_count").empty()) {
    tree.leaf_covers = lines.numbers<double>("leaf_count", leaves);
  }
  if (leaves > 1) {
    const std::size_t first_set = forest.sets.size();
    add_sets(lines, forest);
    const NodeLines read = node_lines(lines, leaves - 1);
    tree.nodes.reserve(leaves - 1);
    for (std::size_t i = 0; i + 1 < leaves; ++i) {
      tree.nodes.push_back(tree_node(lines, read, i, first_set, forest));
    }
    put_parents_first(tree);
  }
  std::optional<std::vector<LinearLeaf>> linear;
  if (is_linear(lines)) linear = linear_leaves(lines, leaves);
  add_lightgbm_leaves(std::move(tree), std::move(linear), forest);
}

}  // namespace kedge

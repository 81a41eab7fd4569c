#include "kedge/model/trees.h"

#include <algorithm>
#include <cmath>

#include "kedge/base/error.h"
#include "kedge/base/text.h"
#include "kedge/model/covers.h"
#include "kedge/model/tree_shape.h"

namespace kedge {
namespace {

struct Bounds {
  const Forest& forest;
  std::size_t number;  // of the tree
  const Tree& tree;

  template <class... Parts>
  [[noreturn]] void refuse(const Parts&... parts) const {
    throw corrupt_data("tree ", number, parts...);
  }

  void node(std::size_t i) const {
    const TreeNode& node = tree.nodes[i];
    if (node.feature >= forest.features.size()) {
      refuse(", node ", i, ": feature ", node.feature, " of ", forest.features.size());
    }
    if (node.test == Test::kInSet || node.test == Test::kNotInSet) {
      if (node.set >= forest.sets.size()) {
        refuse(", node ", i, ": set ", node.set, " of ", forest.sets.size());
      }
    } else if (std::isnan(node.threshold)) {
      refuse(", node ", i, ": the threshold is NaN");
    }
  }

  void whole() const {
    const std::size_t width = forest.leaf_width;
    if (tree.leaves.empty() || tree.leaves.size() % width != 0) {
      refuse(" has ", tree.leaves.size(), " leaf values, ", width, " for each leaf are wanted");
    }
    const std::size_t leaves = tree.leaves.size() / width;
    if (leaves != tree.nodes.size() + 1) {
      refuse(" has ", tree.nodes.size(), " nodes and ", leaves, " leaves; one more is wanted");
    }
    if (tree.output + width > forest.outputs) {
      refuse(" adds to output ", tree.output + width - 1, " of ", forest.outputs);
    }
    for (std::size_t i = 0; i < tree.nodes.size(); ++i) node(i);
    check_shape(std::span<const TreeNode>(tree.nodes), number);
  }
};

void check_sets(const Forest& forest) {
  for (std::size_t i = 0; i < forest.sets.size(); ++i) {
    const auto& set = forest.sets[i];
    for (std::size_t j = 0; j < set.size(); ++j) {
      if (set[j] > kMostCategory || (j > 0 && set[j] <= set[j - 1])) {
        throw corrupt_data("set ", i, ": category ", set[j], " does not rise, or exceeds ",
                           kMostCategory);
      }
    }
  }
}

void check_linear(const Forest& forest) {
  if (forest.linear.empty()) return;
  if (forest.linear.size() != forest.trees.size() || forest.leaf_width != 1) {
    throw corrupt_data("linear leaves of ", forest.linear.size(), " trees, ", forest.trees.size(),
                       " are there");
  }
  for (std::size_t i = 0; i < forest.linear.size(); ++i) {
    if (forest.linear[i].size() != forest.trees[i].leaves.size()) {
      throw corrupt_data("tree ", i, " has ", forest.linear[i].size(), " linear leaves of ",
                         forest.trees[i].leaves.size());
    }
    for (const LinearLeaf& leaf : forest.linear[i]) {
      for (const LinearLeaf::Term& term : leaf.terms) {
        if (term.feature >= forest.features.size()) {
          throw corrupt_data("tree ", i, ": a linear leaf has feature ", term.feature, " of ",
                             forest.features.size());
        }
      }
    }
  }
}

bool is_category(const Forest& forest, const TreeNode& node, double value) {
  if (value < 0 && (forest.category_rule != CategoryRule::kTruncate || value <= -1)) return false;
  if (value >= double{kMostCategory} + 1) return false;
  if (forest.category_rule == CategoryRule::kWhole && value != std::trunc(value)) return false;
  return std::ranges::binary_search(forest.sets[node.set],
                                    static_cast<std::uint32_t>(value < 0 ? 0 : value));
}

bool goes_left(const Forest& forest, const TreeNode& node, double value) {
  const bool is_set = node.test == Test::kInSet || node.test == Test::kNotInSet;
  if (std::isnan(value)) {
    if (is_set || node.missing != Missing::kNone) return node.missing_left;
    value = 0;
  }
  if (is_set) return is_category(forest, node, value) == (node.test == Test::kInSet);
  if (node.missing == Missing::kZero && std::fabs(value) <= kZeroBound) return node.missing_left;
  return node.test == Test::kLess ? value < node.threshold : value <= node.threshold;
}

std::size_t leaf_of(const Forest& forest, const Tree& tree, std::span<const double> row) {
  std::int32_t at = tree.nodes.empty() ? ~0 : 0;
  while (at >= 0) {
    const TreeNode& node = tree.nodes[static_cast<std::size_t>(at)];
    at = goes_left(forest, node, row[node.feature]) ? node.left : node.right;
  }
  return static_cast<std::size_t>(-(at + 1));
}

double linear_value(const LinearLeaf& leaf, double otherwise, std::span<const double> row) {
  double sum = leaf.constant;
  for (const LinearLeaf::Term& term : leaf.terms) {
    const double value = row[term.feature];
    if (std::isnan(value)) return otherwise;
    sum += term.coefficient * (std::fabs(value) > kZeroBound ? value : 0);
  }
  return sum;
}

template <class Sum>
void plain_row(const Forest& forest, std::span<const double> row, std::span<double> out) {
  std::vector<Sum> sums(forest.outputs);
  for (std::size_t k = 0; k < sums.size(); ++k) sums[k] = static_cast<Sum>(forest.start[k]);
  for (std::size_t i = 0; i < forest.trees.size(); ++i) {
    const Tree& tree = forest.trees[i];
    const std::size_t leaf = leaf_of(forest, tree, row);
    for (std::size_t k = 0; k < forest.leaf_width; ++k) {
      double value = tree.leaves[leaf * forest.leaf_width + k];
      if (!forest.linear.empty()) value = linear_value(forest.linear[i][leaf], value, row);
      sums[tree.output + k] += static_cast<Sum>(value);
    }
  }
  for (std::size_t k = 0; k < sums.size(); ++k) {
    const Sum mean = sums[k] / static_cast<Sum>(forest.divisor);
    const Sum scaled = mean * static_cast<Sum>(forest.scale);
    out[k] = forest.bias[k] == 0 ? scaled : scaled + static_cast<Sum>(forest.bias[k]);
  }
}

}  // namespace

void check_scoring(const Scoring& scoring, std::size_t features) {
  if (features == 0 || features > kMostFeatures) {
    throw corrupt_data("a model of ", features, " features; 1 to ", kMostFeatures, " are wanted");
  }
  const std::uint32_t outputs = scoring.outputs;
  if (outputs == 0 || outputs > kMostOutputs) {
    throw corrupt_data("a model of ", outputs, " outputs; 1 to ", kMostOutputs, " are wanted");
  }
  if (scoring.leaf_width != 1 && scoring.leaf_width != outputs) {
    throw corrupt_data("leaves of ", scoring.leaf_width, " values; 1 or ", outputs, " are wanted");
  }
  if (scoring.start.size() != outputs || scoring.bias.size() != outputs) {
    throw corrupt_data("start and bias have ", scoring.start.size(), " and ", scoring.bias.size(),
                       " values; ", outputs, " are wanted");
  }
}

void check_names(std::span<const Feature> features) {
  for (std::size_t i = 0; i < features.size(); ++i) {
    if (!is_utf8(features[i].name)) throw corrupt_data("feature ", i, ": the name is not UTF-8");
    for (std::size_t j = 0; j < features[i].categories.size(); ++j) {
      if (!is_utf8(features[i].categories[j])) {
        throw corrupt_data("feature ", i, ": category ", j, " is not UTF-8");
      }
    }
  }
}

void check(const Forest& forest) {
  if (!is_utf8(forest.origin)) throw corrupt_data("the model's origin is not UTF-8");
  check_names(forest.features);
  check_scoring(forest, forest.features.size());
  check_sets(forest);
  for (std::size_t i = 0; i < forest.trees.size(); ++i) Bounds{forest, i, forest.trees[i]}.whole();
  check_linear(forest);
  check_covers(forest);
}

void plain_scores(const Forest& forest, std::span<const double> rows, std::span<double> out) {
  const std::size_t width = forest.features.size();
  std::vector<double> row(width);
  for (std::size_t i = 0; i * width < rows.size(); ++i) {
    for (std::size_t j = 0; j < width; ++j) {
      const double value = rows[i * width + j];
      row[j] = forest.reads_float32 ? double{static_cast<float>(value)} : value;
    }
    const auto scores = out.subspan(i * forest.outputs, forest.outputs);
    if (forest.sums_float32) {
      plain_row<float>(forest, row, scores);
    } else {
      plain_row<double>(forest, row, scores);
    }
  }
}

}  // namespace kedge

// LightGBM's JSON: what Booster.dump_model gives, as json.dumps writes it.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "kedge/base/json.h"
#include "kedge/model/lightgbm.h"
#include "kedge/model/lightgbm_categories.h"
#include "kedge/model/lightgbm_parts.h"

namespace kedge {
namespace {

std::uint32_t index_below(const Value& value, std::int64_t bound) {
  const std::int64_t index = value.integer();
  if (index < 0 || index >= bound) value.refuse(index, ", 0 to ", bound - 1, " are known");
  return static_cast<std::uint32_t>(index);
}

// "3||17||0"
std::vector<std::uint32_t> categories(const Value& threshold) {
  constexpr std::string_view kOr = "||";
  std::vector<std::uint32_t> set;
  std::string_view rest = threshold.text();
  while (!rest.empty()) {
    std::uint32_t category = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), category);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    if (error != std::errc() || (!rest.empty() && !rest.starts_with(kOr))) {
      threshold.refuse("\"", threshold.text().substr(0, 40), "\" is no list of categories");
    }
    set.push_back(category);
    rest.remove_prefix(std::min(rest.size(), kOr.size()));
  }
  std::ranges::sort(set);
  return set;
}

// Infinity, which parts what is missing from the rest, is written as this number.
constexpr double kWrittenInfinity = 1e300;

double threshold_of(const Value& split) {
  const double threshold = split.at("threshold").number();
  return std::fabs(threshold) < kWrittenInfinity ? threshold : std::copysign(HUGE_VAL, threshold);
}

TreeNode tree_node(const Value& split, Forest& forest) {
  TreeNode node;
  node.feature =
      index_below(split.at("split_feature"), static_cast<std::int64_t>(forest.features.size()));
  const Value decision = split.at("decision_type");
  if (decision.text() == "==") {
    node.test = Test::kInSet;
    node.set = static_cast<std::uint32_t>(forest.sets.size());
    forest.sets.push_back(categories(split.at("threshold")));
    return node;
  }
  if (decision.text() != "<=") decision.refuse("\"", decision.text(), "\", <= and == are known");
  node.threshold = lightgbm_threshold(threshold_of(split));
  node.missing_left = split.at("default_left").boolean();
  constexpr std::string_view kMissing[] = {"None", "NaN", "Zero"};  // in the order of Missing
  const Value missing = split.at("missing_type");
  const auto* known = std::ranges::find(kMissing, missing.text());
  if (known == std::end(kMissing)) missing.refuse("\"", missing.text(), "\"");
  node.missing = static_cast<Missing>(known - std::begin(kMissing));
  return node;
}

LinearLeaf linear_leaf(const Value& leaf) {
  LinearLeaf linear;
  linear.constant = leaf.at("leaf_const").number();
  const auto features = leaf.find("leaf_features");
  if (!features.has_value()) return linear;
  const std::vector<double> coefficients = leaf.at("leaf_coeff").numbers();
  if (coefficients.size() != features->size()) {
    leaf.refuse("\"leaf_coeff\" has ", coefficients.size(), " values, ", features->size(),
                " are wanted");
  }
  for (std::size_t i = 0; i < coefficients.size(); ++i) {
    linear.terms.push_back({index_below((*features)[i], kMostFeatures), coefficients[i]});
  }
  return linear;
}

// Without recursion: trees may be as deep as they have leaves.
void add_tree(const Value& structure, Forest& forest) {
  constexpr std::size_t kNoParent = std::numeric_limits<std::size_t>::max();
  struct Open {
    Value value;
    std::size_t parent;
    bool is_left;
  };
  Tree tree;
  std::vector<LinearLeaf> linear;
  std::vector<Open> open = {{structure, kNoParent, false}};
  while (!open.empty()) {
    const Open next = open.back();
    open.pop_back();
    std::int32_t child = 0;
    if (next.value.find("split_feature").has_value()) {
      child = static_cast<std::int32_t>(tree.nodes.size());
      tree.nodes.push_back(tree_node(next.value, forest));
      open.push_back({next.value.at("right_child"), tree.nodes.size() - 1, false});
      open.push_back({next.value.at("left_child"), tree.nodes.size() - 1, true});
    } else {
      child = ~static_cast<std::int32_t>(tree.leaves.size());
      tree.leaves.push_back(next.value.at("leaf_value").number());
      if (const auto count = next.value.find("leaf_count"); count.has_value()) {
        tree.leaf_covers.push_back(count->number());
      }
      if (next.value.find("leaf_const").has_value()) linear.push_back(linear_leaf(next.value));
    }
    if (next.parent == kNoParent) continue;
    (next.is_left ? tree.nodes[next.parent].left : tree.nodes[next.parent].right) = child;
  }
  if (!linear.empty() && linear.size() != tree.leaves.size()) {
    structure.refuse(linear.size(), " of ", tree.leaves.size(), " leaves are linear");
  }
  if (linear.empty()) {
    add_lightgbm_leaves(std::move(tree), std::nullopt, forest);
  } else {
    add_lightgbm_leaves(std::move(tree), std::move(linear), forest);
  }
}

void add_features(const Value& root, Forest& forest) {
  const Value names = root.at("feature_names");
  const std::uint32_t last = index_below(root.at("max_feature_idx"), kMostFeatures);
  if (names.size() != std::size_t{last} + 1) {
    names.refuse(names.size(), " names, ", std::size_t{last} + 1, " are wanted");
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    forest.features.push_back({std::string(names[i].text()), FeatureKind::kNumber, {}});
  }
  // Columns that were not used are not there.
  const Value infos = root.at("feature_infos");
  for (std::size_t i = 0; i < infos.size(); ++i) {
    const auto values = infos[i].find("values");
    if (!values.has_value() || values->size() == 0) continue;
    const auto feature = std::ranges::find(forest.features, infos.name(i), &Feature::name);
    if (feature != forest.features.end()) feature->kind = FeatureKind::kCategory;
  }
}

void add_names(const Value& root, Forest& forest) {
  const auto names = root.find("pandas_categorical");
  if (!names.has_value()) return;
  std::vector<std::size_t> columns;
  for (std::size_t i = 0; i < forest.features.size(); ++i) {
    if (forest.features[i].kind == FeatureKind::kCategory) columns.push_back(i);
  }
  add_category_names(columns, *names, forest);
}

}  // namespace

Forest import_lightgbm_json(std::string_view json) {
  const Document document = read_json(json);
  const Value root = document.root();
  Forest forest;
  set_lightgbm_frame(root.at("version").text(),
                     index_below(root.at("num_tree_per_iteration"), kMostOutputs + 1), forest);
  if (forest.outputs == 0) root.refuse("\"num_tree_per_iteration\" is 0");
  add_features(root, forest);
  if (const auto objective = root.find("objective"); objective.has_value()) {
    const std::string_view wrong = set_lightgbm_link(objective->text(), forest);
    if (!wrong.empty()) objective->refuse("\"", wrong, "\", a positive number is wanted");
  }
  const Value trees = root.at("tree_info");
  for (std::size_t i = 0; i < trees.size(); ++i) add_tree(trees[i].at("tree_structure"), forest);
  add_names(root, forest);
  finish_lightgbm(root.at("average_output").boolean(), forest);
  return forest;
}

}  // namespace kedge

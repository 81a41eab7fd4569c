#include "kedge/model/lightgbm.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include "kedge/model/key_lines.h"
#include "kedge/model/lightgbm_categories.h"
#include "kedge/model/lightgbm_tree.h"

namespace kedge {
namespace {

constexpr std::string_view kTreeStart = "Tree=";

struct Objective {
  std::string_view name;
  Link link;
  bool takes_root = false;  // with "sqrt" it was trained on the roots of the labels
};
constexpr auto kObjectives = std::to_array<Objective>({
    {"regression", Link::kIdentity, true},
    {"regression_l1", Link::kIdentity, true},
    {"fair", Link::kIdentity, true},
    {"quantile", Link::kIdentity},
    {"huber", Link::kIdentity},
    {"mape", Link::kIdentity},
    {"poisson", Link::kExp},
    {"gamma", Link::kExp},
    {"tweedie", Link::kExp},
    {"binary", Link::kSigmoid},
    {"multiclass", Link::kSoftmax},
    {"multiclassova", Link::kSigmoid},
    {"cross_entropy", Link::kSigmoid},
    {"cross_entropy_lambda", Link::kLog1pExp},
    {"lambdarank", Link::kIdentity},
    {"rank_xendcg", Link::kIdentity},
    {"custom", Link::kIdentity},
});

// "binary sigmoid:0.7", "multiclass num_class:3", "regression sqrt".
void set_link(const KeyLines& head, Forest& forest) {
  if (!head.has("objective")) return;  // the user's own function
  const auto words = head.words("objective");
  const auto* known = words.empty()
                          ? kObjectives.end()
                          : std::ranges::find(kObjectives, words.front(), &Objective::name);
  if (known == kObjectives.end()) {
    throw unsupported("LightGBM objective \"", head.at("objective"), "\"");
  }
  forest.link = known->link;
  constexpr std::string_view kSigmoid = "sigmoid:";
  for (const std::string_view word : std::span(words).subspan(1)) {
    if (word == "sqrt" && known->takes_root) forest.link = Link::kSignedSquare;
    if (!word.starts_with(kSigmoid)) continue;
    const std::string_view scale = word.substr(kSigmoid.size());
    const auto read = std::from_chars(scale.data(), scale.data() + scale.size(), forest.link_scale);
    if (read.ec != std::errc() || read.ptr != scale.data() + scale.size() ||
        !(forest.link_scale > 0)) {
      throw head.wrong("objective", "has \"", word, "\", a positive number is wanted");
    }
  }
}

// A range "[0:7.5]" is a number's, categories are listed as "-1:3:0:12", an unused column is
// "none".
void add_features(const KeyLines& head, Forest& forest) {
  const auto count =
      static_cast<std::size_t>(head.whole("max_feature_idx", 0, kMostFeatures - 1)) + 1;
  const auto names = head.words("feature_names");
  if (names.size() != count) {
    throw head.wrong("feature_names", "has ", names.size(), " values, ", count, " are wanted");
  }
  const auto infos = head.words("feature_infos");
  if (infos.size() != count) {
    throw head.wrong("feature_infos", "has ", infos.size(), " values, ", count, " are wanted");
  }
  for (std::size_t i = 0; i < count; ++i) {
    const bool is_number = infos[i].front() == '[' || infos[i] == "none";
    const FeatureKind kind = is_number ? FeatureKind::kNumber : FeatureKind::kCategory;
    forest.features.push_back({std::string(names[i]), kind, {}});
  }
}

// Up to the line that starts the first tree, which is left in `line`, or to the end.
KeyLines read_head(TextLines& lines, std::string_view& line) {
  if (!lines.next(line) || line != "tree") {
    throw corrupt_data("line 1: a LightGBM model starts with \"tree\"");
  }
  KeyLines head("", 1);
  while (lines.next(line)) {
    if (line.starts_with(kTreeStart)) return head;
    if (!line.empty()) head.add(lines.number(), line);
  }
  line = {};
  return head;
}

void fill(const KeyLines& head, Forest& forest) {
  const std::string_view version = head.at("version");
  if (version != "v2" && version != "v3" && version != "v4") {
    throw unsupported("LightGBM model version \"", version, "\", v2 to v4 are known");
  }
  forest.origin = text("LightGBM ", version);
  forest.category_rule = CategoryRule::kTruncate;
  const auto classes = head.has("num_tree_per_iteration") ? "num_tree_per_iteration" : "num_class";
  forest.outputs = static_cast<std::uint32_t>(head.whole(classes, 1, kMostOutputs));
  forest.start.resize(forest.outputs);
  forest.bias.resize(forest.outputs);
  add_features(head, forest);
  set_link(head, forest);
}

// The lines of a tree end at an empty one.
void add_trees(TextLines& lines, std::string_view line, Forest& forest) {
  while (true) {
    while (line.empty() && lines.next(line)) {
    }
    if (!line.starts_with(kTreeStart)) return;
    KeyLines tree(text("tree ", forest.trees.size()), lines.number());
    while (lines.next(line) && !line.empty()) tree.add(lines.number(), line);
    line = {};
    add_lightgbm_tree(tree, static_cast<std::uint32_t>(forest.trees.size() % forest.outputs),
                      forest);
  }
}

// What comes behind the trees: parameters "[name: value]", and names of categories.
void read_tail(TextLines& lines, Forest& forest) {
  constexpr std::string_view kColumns = "[categorical_feature: ";
  constexpr std::string_view kNames = "pandas_categorical:";
  std::string_view columns;
  std::string_view line;
  while (lines.next(line)) {
    if (line.starts_with(kColumns) && line.ends_with(']')) {
      columns = line.substr(kColumns.size(), line.size() - kColumns.size() - 1);
    }
    if (!line.starts_with(kNames)) continue;
    try {
      add_category_names(columns, line.substr(kNames.size()), forest);
    } catch (const Error& error) {
      throw Error(error.code(), text("line ", lines.number(), ": ", kNames, " ", error.what()));
    }
  }
}

void check_count(const KeyLines& head, const Forest& forest) {
  const std::size_t trees = forest.trees.size();
  if (head.has("tree_sizes") && head.words("tree_sizes").size() != trees) {
    throw head.wrong("tree_sizes", "has ", head.words("tree_sizes").size(), " values, but ", trees,
                     " trees are there");
  }
  if (trees % forest.outputs != 0) {
    throw corrupt_data(trees, " trees are there, ", forest.outputs, " for each iteration");
  }
}

}  // namespace

Forest import_lightgbm(std::string_view model) {
  TextLines lines(model);
  std::string_view line;
  const KeyLines head = read_head(lines, line);
  Forest forest;
  fill(head, forest);
  add_trees(lines, line, forest);
  check_count(head, forest);
  read_tail(lines, forest);
  if (head.has("average_output") && !forest.trees.empty()) {
    const std::size_t iterations = forest.trees.size() / forest.outputs;
    forest.divisor = static_cast<double>(iterations);
  }
  check(forest);
  return forest;
}

}  // namespace kedge

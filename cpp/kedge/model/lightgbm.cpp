#include "kedge/model/lightgbm.h"

#include "kedge/base/json.h"
#include "kedge/model/key_lines.h"
#include "kedge/model/lightgbm_categories.h"
#include "kedge/model/lightgbm_parts.h"
#include "kedge/model/lightgbm_tree.h"

namespace kedge {
namespace {

constexpr std::string_view kTreeStart = "Tree=";

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
  const auto outputs = head.has("num_tree_per_iteration") ? "num_tree_per_iteration" : "num_class";
  set_lightgbm_frame(head.at("version"),
                     static_cast<std::uint32_t>(head.whole(outputs, 1, kMostOutputs)), forest);
  add_features(head, forest);
  if (!head.has("objective")) return;  // the user's own function
  const std::string_view wrong = set_lightgbm_link(head.at("objective"), forest);
  if (!wrong.empty()) {
    throw head.wrong("objective", "has \"", wrong, "\", a positive number is wanted");
  }
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
    add_lightgbm_tree(tree, forest);
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
      const Document names = read_json(line.substr(kNames.size()));
      const auto known = category_columns(columns, forest.features.size());
      if (known.has_value()) add_category_names(*known, names.root(), forest);
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
  finish_lightgbm(head.has("average_output"), forest);
  return forest;
}

}  // namespace kedge

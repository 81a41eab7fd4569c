#include "kedge/model/catboost.h"

#include <algorithm>
#include <array>
#include <map>

#include "kedge/base/json.h"
#include "kedge/model/covers.h"

namespace kedge {
namespace {

struct Loss {
  std::string_view name;
  Link link;
};

// All others predict their raw scores.
constexpr std::array kLosses = {
    Loss{"Logloss", Link::kSigmoid},      Loss{"CrossEntropy", Link::kSigmoid},
    Loss{"MultiClass", Link::kSoftmax},   Loss{"MultiClassOneVsAll", Link::kSigmoid},
    Loss{"MultiLogloss", Link::kSigmoid}, Loss{"MultiCrossEntropy", Link::kSigmoid},
    Loss{"Poisson", Link::kExp},          Loss{"Tweedie", Link::kExp},
};

// The value at the end of a path of names, if all are there.
std::optional<Value> find_in(Value at, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const auto found = at.find(name);
    if (!found) return std::nullopt;
    at = *found;
  }
  return at;
}

std::size_t index_below(const Value& value, std::size_t end, std::string_view what) {
  const std::int64_t index = value.integer();
  if (index < 0 || static_cast<std::size_t>(index) >= end) {
    value.refuse(what, ' ', index, " of ", end);
  }
  return static_cast<std::size_t>(index);
}

std::string origin_of(const Value& root) {
  const auto info = find_in(root, {"model_info", "catboost_version_info"});
  if (!info) return "CatBoost";
  std::string_view said = info->text();
  constexpr std::string_view kTag = "tags/v";
  const std::size_t tag = said.find(kTag);
  if (tag == std::string_view::npos) return "CatBoost";
  said.remove_prefix(tag + kTag.size());
  return text("CatBoost ", said.substr(0, said.find('\n')));
}

Link link_of(const Value& root) {
  const auto loss = find_in(root, {"model_info", "params", "loss_function", "type"});
  if (!loss) return Link::kIdentity;
  if (loss->text() == "RMSEWithUncertainty") {
    throw unsupported("CatBoost loss \"", loss->text(),
                      "\": its outputs are a mean and a variance");
  }
  const auto found = std::ranges::find(kLosses, loss->text(), &Loss::name);
  return found == kLosses.end() ? Link::kIdentity : found->link;
}

// The columns of the file's features, float and categorical ones, which it numbers apart.
class FeatureTable {
 public:
  FeatureTable(const Value& info, Forest& forest) {
    for (const std::string_view kind :
         {"float_features", "categorical_features", "text_features", "embedding_features"}) {
      const auto list = info.find(kind);
      for (std::size_t i = 0; list && i < list->size(); ++i) {
        const Value feature = (*list)[i];
        const std::size_t column =
            index_below(feature.at("flat_feature_index"), kMostFeatures, "feature");
        if (column >= forest.features.size()) forest.features.resize(column + 1);
        if (const auto id = feature.find("feature_id")) forest.features[column].name = id->text();
        if (kind == "float_features") add_number(feature, column);
        if (kind == "categorical_features") add_category(info, feature, column, forest);
      }
    }
    for (std::size_t i = 0; i < forest.features.size(); ++i) {
      if (forest.features[i].name.empty()) forest.features[i].name = text(i);
    }
  }

  struct Number {
    std::uint32_t column;
    bool missing_left;
  };
  struct Category {
    std::uint32_t column;
    std::map<std::int64_t, std::uint32_t> positions;  // of hashes
  };

  const Number& number(const Value& index) const {
    return numbers_[index_below(index, numbers_.size(), "float feature")];
  }
  const Category& category(const Value& index) const {
    return categories_[index_below(index, categories_.size(), "categorical feature")];
  }

 private:
  void add_number(const Value& feature, std::size_t column) {
    if (feature.at("feature_index").integer() != std::ssize(numbers_)) {
      feature.refuse("float feature ", feature.at("feature_index").integer(), " at place ",
                     numbers_.size());
    }
    // As it is, NaN is greater than no border; "AsFalse" is the same, "AsTrue" the opposite.
    const auto treatment = feature.find("nan_value_treatment");
    const std::string_view way = treatment ? treatment->text() : "AsIs";
    if (way != "AsIs" && way != "AsFalse" && way != "AsTrue") {
      throw unsupported(treatment->path(), ": \"", way, "\" is not known to this build");
    }
    numbers_.push_back({static_cast<std::uint32_t>(column), way != "AsTrue"});
  }

  void add_category(const Value& info, const Value& feature, std::size_t column, Forest& forest) {
    if (feature.at("feature_index").integer() != std::ssize(categories_)) {
      feature.refuse("categorical feature ", feature.at("feature_index").integer(), " at place ",
                     categories_.size());
    }
    if (names_.empty()) read_names(info);
    Category category{static_cast<std::uint32_t>(column), {}};
    Feature& out = forest.features[column];
    out.kind = FeatureKind::kCategory;
    const auto values = feature.find("values");
    for (std::size_t i = 0; values && i < values->size(); ++i) {
      const auto name = names_.find(static_cast<std::uint32_t>((*values)[i].integer()));
      if (name == names_.end()) {
        throw unsupported(values->path(), ": the name of category ", (*values)[i].integer(),
                          " is not in the file: save the model with pool=");
      }
      if (!category.positions.emplace((*values)[i].integer(), static_cast<std::uint32_t>(i))
               .second) {
        values->refuse("category ", (*values)[i].integer(), " twice");
      }
      out.categories.push_back(name->second);
    }
    categories_.push_back(std::move(category));
  }

  void read_names(const Value& info) {
    const auto list = info.find("cat_features_hash");
    for (std::size_t i = 0; list && i < list->size(); ++i) {
      const auto hash = static_cast<std::uint32_t>((*list)[i].at("hash").integer());
      const auto name = (*list)[i].at("value").text();
      const auto [held, fresh] = names_.emplace(hash, name);
      if (!fresh && held->second != name) {
        throw unsupported("CatBoost categories \"", held->second, "\" and \"", name,
                          "\" have one hash, ", hash);
      }
    }
  }

  std::vector<Number> numbers_;
  std::vector<Category> categories_;
  std::map<std::uint32_t, std::string> names_;
};

TreeNode split_of(const Value& file, const FeatureTable& features, Forest& forest) {
  TreeNode node;
  const std::string_view type = file.at("split_type").text();
  if (type == "FloatFeature") {
    const auto& number = features.number(file.at("float_feature_index"));
    node.feature = number.column;
    node.missing_left = number.missing_left;
    node.threshold = double{static_cast<float>(file.at("border").number())};
    return node;
  }
  if (type != "OneHotFeature") {
    throw unsupported(file.path(), ": CatBoost split \"", type,
                      "\", FloatFeature and OneHotFeature are wanted");
  }
  const auto& category = features.category(file.at("cat_feature_index"));
  const Value value = file.at("value");
  const auto position = category.positions.find(value.integer());
  if (position == category.positions.end()) {
    value.refuse("category ", value.integer(), " is not among those of its feature");
  }
  node.test = Test::kNotInSet;
  node.feature = category.column;
  node.missing_left = true;
  node.set = static_cast<std::uint32_t>(forest.sets.size());
  forest.sets.push_back({position->second});
  return node;
}

// Split i decides bit i of the leaf's number. The plain tree has the last split at the root, so
// that its leaves are in their order.
Tree symmetric_tree(const Value& file, const FeatureTable& features, Forest& forest) {
  Tree tree;
  tree.leaves = file.at("leaf_values").numbers();
  if (const auto weights = file.find("leaf_weights")) tree.leaf_covers = weights->numbers();
  const Value splits = file.at("splits");
  const std::size_t depth = splits.is_null() ? 0 : splits.size();
  constexpr std::size_t kMostDepth = 31;
  if (depth > kMostDepth || tree.leaves.size() != std::size_t{forest.outputs} << depth) {
    file.refuse(tree.leaves.size(), " leaf_values at depth ", depth, " of ", forest.outputs,
                " outputs");
  }
  for (std::size_t level = 0; level < depth; ++level) {
    TreeNode node = split_of(splits[depth - 1 - level], features, forest);
    const std::size_t width = std::size_t{1} << level;
    for (std::size_t i = 0; i < width; ++i) {
      const bool last = level + 1 == depth;
      const auto left = static_cast<std::int32_t>(last ? 2 * i : 2 * width - 1 + 2 * i);
      node.left = last ? ~left : left;
      node.right = last ? ~(left + 1) : left + 1;
      tree.nodes.push_back(node);
    }
  }
  return tree;
}

std::vector<double> leaf_values(const Value& file, std::size_t outputs) {
  const Value value = file.at("value");
  std::vector<double> values =
      value.is_number() ? std::vector<double>{value.number()} : value.numbers();
  if (values.size() != outputs) {
    value.refuse(values.size(), " values at a leaf, the model has ", outputs, " outputs");
  }
  return values;
}

// Level by level, without recursion.
Tree nested_tree(const Value& file, const FeatureTable& features, Forest& forest) {
  Tree tree;
  std::vector<Value> open;
  const auto number = [&](const Value& child) -> std::int32_t {
    if (child.find("split")) {
      open.push_back(child);
      return static_cast<std::int32_t>(open.size() - 1);
    }
    const auto leaf = static_cast<std::int32_t>(tree.leaves.size() / forest.outputs);
    if (const auto weight = child.find("weight")) tree.leaf_covers.push_back(weight->number());
    const auto values = leaf_values(child, forest.outputs);
    tree.leaves.insert(tree.leaves.end(), values.begin(), values.end());
    return ~leaf;
  };
  number(file);
  for (std::size_t i = 0; i < open.size(); ++i) {
    const Value at = open[i];
    TreeNode node = split_of(at.at("split"), features, forest);
    node.left = number(at.at("left"));
    node.right = number(at.at("right"));
    tree.nodes.push_back(node);
  }
  return tree;
}

void read_scale_and_bias(const Value& root, Forest& forest) {
  const auto file = root.find("scale_and_bias");
  if (!file) {
    root.refuse("\"scale_and_bias\" is missing: a model of a CatBoost before 0.24");
  }
  forest.scale = (*file)[0].number();
  const Value bias = (*file)[1];
  forest.bias = bias.is_number() ? std::vector<double>{bias.number()} : bias.numbers();
  if (forest.bias.empty() || forest.bias.size() > kMostOutputs) {
    bias.refuse(forest.bias.size(), " outputs, 1 to ", kMostOutputs, " are wanted");
  }
  forest.outputs = forest.leaf_width = static_cast<std::uint32_t>(forest.bias.size());
  forest.start.assign(forest.outputs, 0);
}

}  // namespace

Forest import_catboost(std::string_view json) {
  const Document document = read_json(json);
  const Value root = document.root();
  Forest forest;
  forest.reads_float32 = true;
  forest.origin = origin_of(root);
  forest.link = link_of(root);
  read_scale_and_bias(root, forest);
  const FeatureTable features(root.at("features_info"), forest);
  const auto symmetric = root.find("oblivious_trees");
  const Value trees = symmetric ? *symmetric : root.at("trees");
  for (std::size_t i = 0; i < trees.size(); ++i) {
    forest.trees.push_back(symmetric ? symmetric_tree(trees[i], features, forest)
                                     : nested_tree(trees[i], features, forest));
  }
  finish_covers(forest);
  check(forest);
  return forest;
}

}  // namespace kedge

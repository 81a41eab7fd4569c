#include "kedge/model/onnx.h"

#include <algorithm>
#include <iterator>
#include <map>

#include "kedge/model/covers.h"
#include "kedge/model/onnx_graph.h"
#include "kedge/model/onnx_trees.h"

namespace kedge {
namespace {

constexpr std::string_view kClassifier = "TreeEnsembleClassifier";
constexpr std::string_view kRegressor = "TreeEnsembleRegressor";
constexpr std::string_view kEnsemble = "TreeEnsemble";

bool is_tree(const OnnxNode& node) {
  return node.has_known_domain() && (node.operation == kClassifier ||
                                     node.operation == kRegressor || node.operation == kEnsemble);
}

bool is_beside_trees(const OnnxNode& node) {
  return node.has_known_domain() &&
         (node.operation == "Identity" || node.operation == "Cast" || node.operation == "ZipMap");
}

const OnnxNode& tree_node(const OnnxGraph& graph) {
  const OnnxNode* tree = nullptr;
  for (const OnnxNode& node : graph.nodes) {
    if (is_tree(node)) {
      if (tree != nullptr) throw unsupported("an ONNX graph of two tree operators");
      tree = &node;
    } else if (!is_beside_trees(node)) {
      const bool is_known = node.has_known_domain();
      throw unsupported("ONNX operator \"", is_known ? "" : node.domain,
                        is_known ? "" : "::", node.operation, "\"");
    }
  }
  if (tree == nullptr) throw unsupported("an ONNX graph without a tree operator");
  return *tree;
}

// The types that a row has on its way from the graph's input to the tree operator.
std::vector<OnnxType> row_types(const OnnxGraph& graph, const OnnxNode& tree) {
  if (graph.inputs.size() != 1 || tree.inputs.empty()) {
    throw unsupported("an ONNX graph of ", graph.inputs.size(), " inputs, 1 is wanted");
  }
  std::map<std::string_view, const OnnxNode*> makers;
  for (const OnnxNode& node : graph.nodes) {
    for (const std::string_view output : node.outputs) makers.emplace(output, &node);
  }
  std::vector<OnnxType> types;
  std::string_view name = tree.inputs.front();
  for (std::size_t i = 0; name != graph.inputs.front().name; ++i) {
    const auto found = makers.find(name);
    if (i == graph.nodes.size() || found == makers.end() || found->second->inputs.empty() ||
        is_tree(*found->second)) {
      throw corrupt_data(tree.operation, ": its input \"", name, "\" comes from nowhere");
    }
    const OnnxNode& source = *found->second;
    if (source.operation == "Cast") {
      types.push_back(static_cast<OnnxType>(source.integer("to", 0)));
    }
    name = source.inputs.front();
  }
  for (const OnnxType type : types) {
    if (type != OnnxType::kFloat && type != OnnxType::kDouble) {
      throw unsupported(tree.operation, ": rows are cast to type ",
                        static_cast<std::int32_t>(type));
    }
  }
  types.push_back(graph.inputs.front().type);
  std::ranges::reverse(types);
  return types;
}

void set_precision(const OnnxNode& tree, std::span<const OnnxType> types, Forest& forest) {
  constexpr OnnxType kKnown[] = {OnnxType::kFloat, OnnxType::kDouble, OnnxType::kInt32,
                                 OnnxType::kInt64};
  if (std::ranges::find(kKnown, types.front()) == std::end(kKnown)) {
    throw unsupported(tree.operation, ": rows of type ", static_cast<std::int32_t>(types.front()));
  }
  // Integers are compared with floats, and therefore as floats.
  const bool is_double = types.back() == OnnxType::kDouble;
  forest.reads_float32 = !is_double || std::ranges::find(types, OnnxType::kFloat) != types.end();
  forest.sums_float32 = !is_double;
  for (const std::string_view name : {"nodes_values", "nodes_splits", "leaf_weights",
                                      "target_weights", "class_weights", "base_values"}) {
    if (!is_double && tree.has_doubles(name)) {
      throw unsupported(tree.operation, ": \"", name, "\" has doubles, but rows have not");
    }
  }
}

void add_features(const OnnxNode& tree, const OnnxTrees& trees, std::optional<std::int64_t> columns,
                  Forest& forest) {
  std::size_t count = 0;
  for (const OnnxBranch& branch : trees.branches) {
    count = std::max(count, std::size_t{branch.feature} + 1);
  }
  if (columns) {
    if (*columns < static_cast<std::int64_t>(count) || *columns > kMostFeatures) {
      tree.refuse("its input has ", *columns, " columns, ", count, " to ", kMostFeatures,
                  " are wanted");
    }
    count = static_cast<std::size_t>(*columns);
  }
  for (std::size_t i = 0; i < count; ++i) {
    forest.features.push_back({text("x", i), FeatureKind::kNumber, {}});
  }
  for (const OnnxBranch& branch : trees.branches) {
    if (branch.mode >= OnnxMode::kEqual) {
      forest.features[branch.feature].kind = FeatureKind::kCategory;
    }
  }
}

// Post transforms by name, at the numbers that TreeEnsemble has for them.
constexpr std::string_view kTransforms[] = {"NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO",
                                            "PROBIT"};
constexpr std::string_view kAggregates[] = {"AVERAGE", "SUM", "MIN", "MAX"};

std::string_view choice(const OnnxNode& tree, std::string_view name,
                        std::span<const std::string_view> names, std::size_t otherwise) {
  if (tree.operation != kEnsemble) return tree.text(name, names[otherwise]);
  const std::int64_t number = tree.integer(name, static_cast<std::int64_t>(otherwise));
  if (number < 0 || number >= std::ssize(names)) tree.refuse("\"", name, "\" is ", number);
  return names[static_cast<std::size_t>(number)];
}

void set_scoring(const OnnxNode& tree, const OnnxTrees& trees, Forest& forest) {
  const std::string_view aggregate = choice(tree, "aggregate_function", kAggregates, 1);
  if (aggregate == "AVERAGE") {
    forest.divisor = static_cast<double>(std::max<std::size_t>(trees.roots.size(), 1));
  } else if (aggregate != "SUM") {
    throw unsupported(tree.operation, ": aggregate function ", aggregate);
  }
  const std::string_view transform = choice(tree, "post_transform", kTransforms, 0);
  // The runtime leaves the scores of a single target as they are, the operator's text does not.
  const bool is_applied = tree.operation == kClassifier || forest.outputs > 1;
  if (transform == "LOGISTIC" && is_applied) {
    forest.link = Link::kSigmoid;
  } else if (transform == "SOFTMAX" && forest.outputs > 1) {
    forest.link = Link::kSoftmax;
  } else if (transform != "NONE") {
    throw unsupported(tree.operation, ": post transform ", transform, " of ", forest.outputs,
                      forest.outputs == 1 ? " output" : " outputs");
  }
}

void set_base(const OnnxNode& tree, Forest& forest) {
  forest.start.resize(forest.outputs);
  forest.bias = tree.numbers("base_values");
  if (forest.bias.empty()) forest.bias.resize(forest.outputs);
  if (forest.bias.size() != forest.outputs) {
    tree.refuse("\"base_values\" has ", forest.bias.size(), " values, 0 or ", forest.outputs,
                " are wanted");
  }
}

std::uint32_t target_count(const OnnxNode& tree, std::int64_t count) {
  if (count < 1 || count > kMostOutputs) {
    tree.refuse(count, " targets or classes, 1 to ", kMostOutputs, " are wanted");
  }
  return static_cast<std::uint32_t>(count);
}

OnnxTrees read_targets(const OnnxNode& tree, Forest& forest) {
  forest.outputs = target_count(tree, tree.integer("n_targets", 1));
  OnnxTrees trees = tree.operation == kEnsemble ? read_tree_ensemble(tree, forest.outputs)
                                                : read_tree_rows(tree, "target", forest.outputs);
  set_base(tree, forest);
  set_scoring(tree, trees, forest);
  return trees;
}

OnnxTrees read_classes(const OnnxNode& tree, Forest& forest) {
  const std::size_t labels = std::max(tree.texts("classlabels_strings").size(),
                                      tree.integers("classlabels_int64s").size());
  forest.outputs = target_count(tree, static_cast<std::int64_t>(labels));
  OnnxTrees trees = read_tree_rows(tree, "class", forest.outputs);
  if (labels == 1) throw unsupported(tree.operation, " of one class");
  const auto votes_for = [&](std::uint32_t target) {
    return std::ranges::find(trees.votes, target, &OnnxVote::target) != trees.votes.end();
  };
  const bool is_binary = labels == 2 && !votes_for(1);
  if (labels == 2 && !is_binary && !tree.numbers("base_values").empty()) {
    throw unsupported(tree.operation, ": base values of two classes with votes for the second");
  }
  if (is_binary) forest.outputs = 1;
  set_base(tree, forest);
  set_scoring(tree, trees, forest);
  return trees;
}

}  // namespace

bool is_onnx_forest(std::span<const std::byte> data) {
  const OnnxGraph graph = read_onnx(data);
  return std::ranges::count_if(graph.nodes, is_tree) == 1 &&
         std::ranges::all_of(graph.nodes, [](const OnnxNode& node) {
           return is_tree(node) || is_beside_trees(node);
         });
}

Forest read_onnx_forest(const OnnxNode& tree, std::span<const OnnxType> types,
                        std::optional<std::int64_t> columns) {
  Forest forest;
  forest.category_rule = CategoryRule::kWhole;
  set_precision(tree, types, forest);
  const OnnxTrees trees =
      tree.operation == kClassifier ? read_classes(tree, forest) : read_targets(tree, forest);
  add_features(tree, trees, columns, forest);
  add_onnx_trees(tree, trees, forest);
  finish_covers(forest);
  check(forest);
  return forest;
}

Forest import_onnx(std::span<const std::byte> data) {
  const OnnxGraph graph = read_onnx(data);
  const OnnxNode& tree = tree_node(graph);
  const std::vector<OnnxType> types = row_types(graph, tree);
  const auto& shape = graph.inputs.front().shape;
  Forest forest = read_onnx_forest(tree, types, shape.empty() ? std::nullopt : shape.back());
  forest.origin = text("ONNX of ", graph.producer);
  return forest;
}

}  // namespace kedge

// Reads what the attributes of tree operators say.
#include <algorithm>
#include <cmath>
#include <tuple>

#include "kedge/model/onnx_trees.h"

namespace kedge {
namespace {

constexpr std::string_view kLeafMode = "LEAF";
constexpr std::string_view kModeNames[] = {
    "BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ",
};

template <class List>
List sized(const OnnxNode& node, std::string_view name, List list, std::size_t wanted) {
  if (list.size() != wanted) {
    node.refuse("\"", name, "\" has ", list.size(), " values, ", wanted, " are wanted");
  }
  return list;
}

std::span<const std::int64_t> integers(const OnnxNode& node, std::string_view name,
                                       std::size_t wanted) {
  return sized(node, name, node.integers(name), wanted);
}

// An attribute that may be left out, which is then as if it were all zeros.
bool is_one(std::span<const std::int64_t> flags, std::size_t i) {
  return !flags.empty() && flags[i] == 1;
}

std::span<const std::int64_t> nan_flags(const OnnxNode& node, std::size_t nodes) {
  const auto flags = node.integers("nodes_missing_value_tracks_true");
  return flags.empty() ? flags : sized(node, "nodes_missing_value_tracks_true", flags, nodes);
}

std::uint32_t index_below(const OnnxNode& node, std::string_view name, std::int64_t value,
                          std::size_t bound) {
  if (value < 0 || static_cast<std::uint64_t>(value) >= bound) {
    node.refuse("\"", name, "\" has ", value, ", 0 to ", bound - 1, " are known");
  }
  return static_cast<std::uint32_t>(value);
}

void sort_votes(const OnnxNode& node, std::vector<OnnxVote>& votes) {
  const auto key = [](const OnnxVote& vote) { return std::tuple(vote.leaf, vote.target); };
  std::ranges::sort(votes, {}, key);
  const auto twice = std::ranges::adjacent_find(votes, {}, key);
  if (twice != votes.end()) {
    node.refuse("leaf ", twice->leaf, " votes twice for target ", twice->target);
  }
}

// Rows are named by their tree and their number in it.
class RowNames {
 public:
  RowNames(const OnnxNode& node, std::span<const std::int64_t> trees,
           std::span<const std::int64_t> ids)
      : node_(node) {
    rows_.reserve(trees.size());
    for (std::size_t i = 0; i < trees.size(); ++i) rows_.push_back({trees[i], ids[i], i});
    std::ranges::sort(rows_);
    for (std::size_t i = 1; i < rows_.size(); ++i) {
      const Row& row = rows_[i];
      if (row.tree == rows_[i - 1].tree && row.id == rows_[i - 1].id) {
        node.refuse("node ", row.id, " of tree ", row.tree, " comes twice");
      }
    }
  }

  std::size_t place(std::int64_t tree, std::int64_t id) const {
    const auto found = std::ranges::lower_bound(rows_, Row{tree, id, 0});
    if (found == rows_.end() || found->tree != tree || found->id != id) {
      node_.refuse("tree ", tree, " has no node ", id);
    }
    return found->place;
  }

 private:
  struct Row {
    std::int64_t tree;
    std::int64_t id;
    std::size_t place;
    auto operator<=>(const Row&) const = default;
  };

  const OnnxNode& node_;
  std::vector<Row> rows_;
};

OnnxMode mode_of(const OnnxNode& node, std::string_view name) {
  const auto* found = std::ranges::find(kModeNames, name);
  if (found == std::end(kModeNames)) throw unsupported(node.operation, ": mode \"", name, "\"");
  return static_cast<OnnxMode>(found - std::begin(kModeNames));
}

// A row that is a leaf has its own place as leaf.
OnnxPlace place_of(std::span<const std::string_view> modes, std::size_t row) {
  const auto place = static_cast<OnnxPlace>(row);
  return modes[row] == kLeafMode ? ~place : place;
}

// The first row of a tree is its root.
std::vector<OnnxPlace> roots_of(const OnnxNode& node, std::span<const std::int64_t> trees,
                                std::span<const std::string_view> modes) {
  std::vector<OnnxPlace> roots;
  std::vector<std::int64_t> known;
  for (std::size_t i = 0; i < trees.size(); ++i) {
    if (i > 0 && trees[i] == trees[i - 1]) continue;
    roots.push_back(place_of(modes, i));
    known.push_back(trees[i]);
  }
  std::ranges::sort(known);
  const auto twice = std::ranges::adjacent_find(known);
  if (twice != known.end()) node.refuse("the nodes of tree ", *twice, " are not side by side");
  return roots;
}

// The members of all nodes of that mode, one after the other, NaN after each.
class Members {
 public:
  explicit Members(const OnnxNode& node) : values_(node.numbers("membership_values")) {}

  std::vector<double> next() {
    const auto from = values_.begin() + static_cast<std::ptrdiff_t>(at_);
    const auto to = std::find_if(from, values_.end(), [](double v) { return std::isnan(v); });
    at_ = std::min(static_cast<std::size_t>(to - values_.begin()) + 1, values_.size());
    return {from, to};
  }

 private:
  std::vector<double> values_;
  std::size_t at_ = 0;
};

std::vector<OnnxPlace> ensemble_roots(const OnnxNode& node,
                                      const std::vector<OnnxBranch>& branches) {
  std::vector<OnnxPlace> roots;
  for (const std::int64_t root : node.integers("tree_roots")) {
    const OnnxBranch& branch = branches[index_below(node, "tree_roots", root, branches.size())];
    // So a tree of one leaf is written.
    const bool is_leaf = branch.if_true < 0 && branch.if_true == branch.if_false;
    roots.push_back(is_leaf ? branch.if_true : root);
  }
  return roots;
}

}  // namespace

OnnxTrees read_tree_rows(const OnnxNode& node, std::string_view votes, std::uint32_t targets) {
  const auto trees = node.integers("nodes_treeids");
  const std::size_t rows = trees.size();
  const auto modes = sized(node, "nodes_modes", node.texts("nodes_modes"), rows);
  const RowNames names(node, trees, integers(node, "nodes_nodeids", rows));
  const auto features = integers(node, "nodes_featureids", rows);
  const auto values = sized(node, "nodes_values", node.numbers("nodes_values"), rows);
  const auto if_true = integers(node, "nodes_truenodeids", rows);
  const auto if_false = integers(node, "nodes_falsenodeids", rows);
  const auto nan_is_true = nan_flags(node, rows);

  OnnxTrees read;
  read.roots = roots_of(node, trees, modes);
  read.branches.resize(rows);
  read.hits = node.numbers("nodes_hitrates");
  if (!read.hits.empty()) read.hits = sized(node, "nodes_hitrates", std::move(read.hits), rows);
  for (std::size_t i = 0; i < rows; ++i) {
    if (modes[i] == kLeafMode) continue;
    read.branches[i] = {mode_of(node, modes[i]),
                        is_one(nan_is_true, i),
                        index_below(node, "nodes_featureids", features[i], kMostFeatures),
                        values[i],
                        place_of(modes, names.place(trees[i], if_true[i])),
                        place_of(modes, names.place(trees[i], if_false[i])),
                        {}};
  }

  const std::string ids_name = text(votes, "_ids");
  const auto ids = node.integers(ids_name);
  const auto vote_trees = integers(node, text(votes, "_treeids"), ids.size());
  const auto vote_nodes = integers(node, text(votes, "_nodeids"), ids.size());
  const std::string weights_name = text(votes, "_weights");
  const auto weights = sized(node, weights_name, node.numbers(weights_name), ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const std::size_t leaf = names.place(vote_trees[i], vote_nodes[i]);
    // Some converters let branches vote; nobody counts these.
    if (modes[leaf] != kLeafMode) continue;
    read.votes.push_back({leaf, index_below(node, ids_name, ids[i], targets), weights[i]});
  }
  sort_votes(node, read.votes);
  return read;
}

OnnxTrees read_tree_ensemble(const OnnxNode& node, std::uint32_t targets) {
  const auto features = node.integers("nodes_featureids");
  const std::size_t nodes = features.size();
  const auto modes = sized(node, "nodes_modes", node.numbers("nodes_modes"), nodes);
  const auto splits = sized(node, "nodes_splits", node.numbers("nodes_splits"), nodes);
  const auto true_ids = integers(node, "nodes_truenodeids", nodes);
  const auto true_leafs = integers(node, "nodes_trueleafs", nodes);
  const auto false_ids = integers(node, "nodes_falsenodeids", nodes);
  const auto false_leafs = integers(node, "nodes_falseleafs", nodes);
  const auto nan_is_true = nan_flags(node, nodes);
  const auto leaf_targets = node.integers("leaf_targetids");
  const auto weights =
      sized(node, "leaf_weights", node.numbers("leaf_weights"), leaf_targets.size());
  Members members(node);

  OnnxTrees read;
  const auto place = [&](std::string_view name, std::int64_t id, bool is_leaf) {
    const std::uint32_t at = index_below(node, name, id, is_leaf ? weights.size() : nodes);
    return is_leaf ? ~OnnxPlace{at} : OnnxPlace{at};
  };
  for (std::size_t i = 0; i < nodes; ++i) {
    if (!(modes[i] >= 0 && modes[i] <= static_cast<double>(OnnxMode::kMember))) {
      throw unsupported(node.operation, ": mode ", modes[i]);
    }
    const auto mode = static_cast<OnnxMode>(modes[i]);
    read.branches.push_back({mode, is_one(nan_is_true, i),
                             index_below(node, "nodes_featureids", features[i], kMostFeatures),
                             splits[i], place("nodes_truenodeids", true_ids[i], true_leafs[i] != 0),
                             place("nodes_falsenodeids", false_ids[i], false_leafs[i] != 0),
                             mode == OnnxMode::kMember ? members.next() : std::vector<double>()});
  }
  read.roots = ensemble_roots(node, read.branches);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    read.votes.push_back(
        {i, index_below(node, "leaf_targetids", leaf_targets[i], targets), weights[i]});
  }
  return read;
}

}  // namespace kedge

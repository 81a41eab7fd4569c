// The tree operators of ai.onnx.ml: rows of nodes (TreeEnsembleClassifier and -Regressor), or nodes
// and leaves apart (TreeEnsemble).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "kedge/model/onnx_graph.h"
#include "kedge/model/trees.h"

namespace kedge {

// As TreeEnsemble numbers them.
enum class OnnxMode : std::uint8_t {
  kLessEqual,
  kLess,
  kGreaterEqual,
  kGreater,
  kEqual,
  kNotEqual,
  kMember,
};

// Where a branch leads: from zero on to a branch, below zero to the leaf ~place.
using OnnxPlace = std::int64_t;

struct OnnxBranch {
  OnnxMode mode = OnnxMode::kLessEqual;
  bool nan_is_true = false;
  std::uint32_t feature = 0;
  double value = 0;
  OnnxPlace if_true = 0;
  OnnxPlace if_false = 0;
  std::vector<double> members;  // of kMember
};

// What a leaf adds to a target.
struct OnnxVote {
  std::size_t leaf;
  std::uint32_t target;
  double weight;
};

struct OnnxTrees {
  std::vector<OnnxBranch> branches;
  std::vector<OnnxPlace> roots;
  std::vector<OnnxVote> votes;  // by leaf and target, no two for both the same
  std::vector<double> hits;     // of each row of nodes, leaves too; none where they are not told
};

// Versions 1 and 3. `votes` is what their attributes begin with: "class" or "target".
OnnxTrees read_tree_rows(const OnnxNode& node, std::string_view votes, std::uint32_t targets);
// Version 5.
OnnxTrees read_tree_ensemble(const OnnxNode& node, std::uint32_t targets);

// Adds the trees to a forest whose outputs are the targets; sets its leaf width.
void add_onnx_trees(const OnnxNode& node, const OnnxTrees& trees, Forest& forest);

}  // namespace kedge

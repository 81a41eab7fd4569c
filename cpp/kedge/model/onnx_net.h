// ONNX graphs of linear models and dense nets.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kedge/model/graph.h"
#include "kedge/model/trees.h"

namespace kedge {

// A graph with the names of its columns: what importers of what is no forest give.
struct Net {
  std::string origin;
  std::vector<Feature> features;
  Graph graph;
  std::optional<Forest> forest;  // what the graph's trees are
};

// Graphs of one input, a matrix of floats with a known number of columns. Whatever has no step here
// is Unsupported, by the node's name and operator. A Softmax or Sigmoid at the end is the link: the
// raw scores are what it reads.
Net import_onnx_net(std::span<const std::byte> data);

// Whether the file has a tree operator, so that import_onnx reads it.
bool has_onnx_trees(std::span<const std::byte> data);

}  // namespace kedge

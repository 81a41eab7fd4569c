// ONNX graphs of linear models, dense nets, and whole pipelines.
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

// Inputs are matrices of numbers or text with known numbers of columns. A single input's columns
// are called x0, x1 and on; of several, one of a single column has its name, others' are told by
// their numbers behind it. Text that is null is the empty text, as ONNX has no other.
//
// The prediction is the graph's output of numbers; labels beside it are left out, and ZipMap. Where
// there are labels of two classes it is the second's score, as everywhere. A Softmax or Sigmoid at
// the end is the link: the raw scores are what it reads. Whatever has no step here is Unsupported,
// by the node's name and operator.
Net import_onnx_net(std::span<const std::byte> data);

// What the classes are called, in the order of their scores; none of a graph without labels.
std::vector<std::string> onnx_classes(std::span<const std::byte> data);

}  // namespace kedge

// A model that runs in somebody else's runtime: the bundle holds its graph as that wants it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kedge/model/trees.h"

namespace kedge {

inline constexpr std::string_view kOnnxRuntime = "onnxruntime";

struct Foreign {
  std::string runtime;               // its name
  std::uint32_t outputs = 0;         // scores for each row
  std::vector<std::string> reasons;  // what kept it from being compiled
  std::vector<std::byte> graph;
};

// An ONNX graph that is not compiled, as far as its inputs tell; `reasons` names its nodes.
struct ForeignNet {
  std::string origin;
  std::vector<Feature> features;
  std::vector<std::string> reasons;
};

// Throws Unsupported when rows cannot be handed to the graph: inputs that are no matrices of
// numbers, text that no encoder of the graph knows, no single output of numbers.
ForeignNet read_foreign_onnx(std::span<const std::byte> data);

}  // namespace kedge

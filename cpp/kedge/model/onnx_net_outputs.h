// Which of an ONNX graph's outputs is the prediction, and what its classes are called.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kedge/model/onnx_graph.h"

namespace kedge {

struct OnnxPrediction {
  std::string_view name;             // of the value
  std::vector<std::string> classes;  // empty where no output has labels
};

// Throws Unsupported when there is none, or several.
OnnxPrediction find_onnx_prediction(const OnnxGraph& graph);

}  // namespace kedge

#include "kedge/model/onnx_net.h"

#include <algorithm>

#include "kedge/base/error.h"
#include "kedge/model/graph_builder.h"
#include "kedge/model/onnx_graph.h"
#include "kedge/model/onnx_net_reader.h"

namespace kedge {
namespace {

constexpr std::string_view kTreeOperators[] = {"TreeEnsembleClassifier", "TreeEnsembleRegressor",
                                               "TreeEnsemble"};

std::size_t column_count(const OnnxGraph& graph) {
  if (graph.inputs.size() != 1) {
    throw unsupported("an ONNX graph of ", graph.inputs.size(), " inputs, 1 is wanted");
  }
  const OnnxValue& input = graph.inputs.front();
  if (input.type != OnnxType::kFloat || input.shape.size() != 2 || !input.shape.back()) {
    throw unsupported("input \"", input.name,
                      "\": a matrix of floats with a known number of columns is wanted");
  }
  const std::int64_t columns = *input.shape.back();
  if (columns < 1 || columns > kMostFeatures) {
    throw corrupt_data("input \"", input.name, "\" has ", columns, " columns, 1 to ", kMostFeatures,
                       " are possible");
  }
  return static_cast<std::size_t>(columns);
}

// A prediction made by a link from raw scores that are as many.
std::uint32_t raw_slot(const Graph& graph) {
  const GraphStep& last = graph.steps.back();
  const auto sigmoid = static_cast<std::uint32_t>(Activation::kSigmoid);
  const bool is_link = last.kind == StepKind::kSoftmax ||
                       (last.kind == StepKind::kActivate && last.option == sigmoid);
  const auto slots = static_cast<std::uint32_t>(graph.steps.size());
  const bool follows = is_link && graph.input(last, 0) + 1 == slots && slots > 1;
  return follows ? slots - 1 : slots;
}

}  // namespace

Net import_onnx_net(std::span<const std::byte> data) {
  const OnnxGraph graph = read_onnx(data);
  const std::size_t columns = column_count(graph);
  GraphBuilder builder(columns, NumberKind::kFloat);
  std::uint32_t slot = OnnxNetReader(graph, builder).run();
  Net net;
  net.origin = text("ONNX of ", graph.producer);
  for (std::size_t i = 0; i < columns; ++i) {
    net.features.push_back({text("x", i), FeatureKind::kNumber, {}});
  }
  // The prediction is the last slot.
  if (slot != builder.steps() || slot == 0) slot = builder.concat({&slot, 1});
  net.graph = builder.finish(slot);
  net.graph.raw_steps = raw_slot(net.graph);
  return net;
}

bool has_onnx_trees(std::span<const std::byte> data) {
  const OnnxGraph graph = read_onnx(data);
  return std::ranges::any_of(graph.nodes, [](const OnnxNode& node) {
    return std::ranges::find(kTreeOperators, node.operation) != std::end(kTreeOperators);
  });
}

}  // namespace kedge

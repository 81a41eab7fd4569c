#include "kedge/model/foreign.h"

#include "kedge/base/text.h"
#include "kedge/model/graph_builder.h"
#include "kedge/model/onnx_graph.h"
#include "kedge/model/onnx_net_inputs.h"
#include "kedge/model/onnx_net_outputs.h"
#include "kedge/model/onnx_net_reader.h"

namespace kedge {

ForeignNet read_foreign_onnx(std::span<const std::byte> data) {
  const OnnxGraph graph = read_onnx(data);
  const OnnxPrediction prediction = find_onnx_prediction(graph);
  const OnnxInputs inputs(graph);
  OnnxTexts texts;
  texts.begin(inputs.count());
  GraphBuilder builder(inputs.count(), inputs.number());
  OnnxNetReader reader(graph, builder, texts);
  inputs.add_to(reader, builder);
  ForeignNet net;
  net.reasons = reader.refusals(prediction.name);
  net.origin = text("ONNX of ", graph.producer);
  net.features = inputs.features(texts);
  check_names(net.features);
  for (const std::string& reason : net.reasons) {
    if (!is_utf8(reason)) throw corrupt_data("the graph has a node whose name is not UTF-8");
  }
  return net;
}

}  // namespace kedge

#include "kedge/model/onnx_net.h"

#include <utility>

#include "kedge/base/error.h"
#include "kedge/model/graph_builder.h"
#include "kedge/model/graph_fuse.h"
#include "kedge/model/graph_tidy.h"
#include "kedge/model/onnx_graph.h"
#include "kedge/model/onnx_net_inputs.h"
#include "kedge/model/onnx_net_outputs.h"
#include "kedge/model/onnx_net_reader.h"

namespace kedge {
namespace {

// A prediction made by a link from raw scores that are as many.
std::uint32_t raw_slot(const Graph& graph) {
  const GraphStep& last = graph.steps.back();
  const auto sigmoid = static_cast<std::uint32_t>(Activation::kSigmoid);
  const bool is_link = last.kind == StepKind::kSoftmax || last.kind == StepKind::kLink ||
                       (last.kind == StepKind::kActivate && last.option == sigmoid);
  const std::uint32_t before = graph.input(last, 0);
  return is_link && before > 0 ? before : static_cast<std::uint32_t>(graph.steps.size());
}

}  // namespace

Net import_onnx_net(std::span<const std::byte> data) {
  const OnnxGraph graph = read_onnx(data);
  const OnnxPrediction prediction = find_onnx_prediction(graph);
  const OnnxInputs inputs(graph);
  OnnxTexts texts;
  Net net;
  for (int round = inputs.has_text() ? 0 : 1; round < 2; ++round) {
    texts.begin(inputs.count());
    GraphBuilder builder(inputs.count(), inputs.number());
    OnnxNetReader reader(graph, builder, texts);
    inputs.add_to(reader, builder);
    if (prediction.classes.size() == 2) reader.want_second(prediction.name);
    OnnxNetValue made = reader.run(prediction.name);
    if (made.type == OnnxType::kString || made.is_cut || made.form == OnnxForm::kDeep) {
      throw unsupported("output \"", prediction.name, "\": a matrix of numbers is wanted");
    }
    if (prediction.classes.size() == 2 && builder.width(made.slot) == 2) {
      constexpr std::uint32_t kSecond = 1;
      made.slot = builder.select(made.slot, {&kSecond, 1});
    }
    // The prediction is the last slot.
    if (made.slot != builder.steps() || made.slot == 0) made.slot = builder.concat({&made.slot, 1});
    net.graph = tidy(fuse_tables(tidy(builder.finish(made.slot))));
    net.forest = std::move(reader.forest());
  }
  net.graph.raw_steps = raw_slot(net.graph);
  net.origin = text("ONNX of ", graph.producer);
  net.features = inputs.features(texts);
  check_names(net.features);
  return net;
}

std::vector<std::string> onnx_classes(std::span<const std::byte> data) {
  const OnnxGraph graph = read_onnx(data);
  return find_onnx_prediction(graph).classes;
}

}  // namespace kedge

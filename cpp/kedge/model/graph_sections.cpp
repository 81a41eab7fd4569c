#include "kedge/model/graph_sections.h"

#include <type_traits>

#include "kedge/base/bytes.h"

namespace kedge {
namespace {

// The structs of the graph are stored as they are: no padding, little-endian.
static_assert(std::is_trivially_copyable_v<GraphStep> && sizeof(GraphStep) == 48);
static_assert(std::has_unique_object_representations_v<GraphTensor> && sizeof(GraphTensor) == 24);

}  // namespace

void write_graph(const Graph& graph, SectionWriter& file) {
  ByteWriter head;
  head.write(static_cast<std::uint32_t>(graph.number));
  head.write(graph.raw_steps);
  file.add("graph", head.view());
  file.add("steps", std::as_bytes(graph.steps));
  file.add("inputs", std::as_bytes(graph.inputs));
  file.add("tensors", std::as_bytes(graph.tensors));
  file.add("weights", graph.weights);
}

Graph read_graph(const SectionReader& file, std::uint32_t features) {
  ByteReader head(file.section("graph"), "section \"graph\"");
  Graph graph;
  graph.features = features;
  graph.number = static_cast<NumberKind>(head.read<std::uint32_t>());
  graph.raw_steps = head.read<std::uint32_t>();
  head.expect_end();
  graph.steps = file.values<GraphStep>("steps");
  graph.inputs = file.values<std::uint32_t>("inputs");
  graph.tensors = file.values<GraphTensor>("tensors");
  graph.weights = file.section("weights");
  check(graph);
  return graph;
}

}  // namespace kedge

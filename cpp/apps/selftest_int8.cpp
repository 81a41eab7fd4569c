#include "selftest_int8.h"

#include <span>
#include <vector>

#include "kedge/base/random.h"
#include "kedge/model/graph_builder.h"
#include "kedge/score/plan.h"
#include "kedge/score/quantize_graph.h"

namespace kedge {
namespace {

constexpr std::size_t kWidths[] = {13, 70, 33, 3};
constexpr std::size_t kRows = 50;

std::vector<double> draw(std::size_t count, Random& random) {
  std::vector<double> values(count);
  for (double& value : values) value = 2 * random.uniform() - 1;
  return values;
}

Graph draw_net(Activation activation, Random& random) {
  GraphBuilder builder(kWidths[0], NumberKind::kFloat);
  std::uint32_t slot = 0;
  for (std::size_t i = 1; i < std::size(kWidths); ++i) {
    const std::vector<double> weights = draw(kWidths[i - 1] * kWidths[i], random);
    slot = builder.affine(slot, kWidths[i], weights, draw(kWidths[i], random));
    if (i + 1 < std::size(kWidths)) slot = builder.activate(slot, activation);
  }
  return builder.finish(slot);
}

}  // namespace

void add_int8(Digest& digest) {
  Random random(8);
  for (const Activation activation : {Activation::kRelu, Activation::kTanh}) {
    const Graph graph = draw_net(activation, random);
    const std::vector<double> x = draw(kRows * kWidths[0], random);
    const Rows rows = rows_of(x, kWidths[0]);
    for (const auto how : {RangeRule::kMinMax, RangeRule::kPercentile, RangeRule::kMse}) {
      const QuantizedGraph made = quantize_graph(graph, rows, how);
      digest.add(made.graph.weights);
      std::vector<float> scores(kRows * made.graph.outputs());
      Plan(made.graph, RankedForest{}).score(rows, scores.data(), true);
      digest.add(std::as_bytes(std::span(scores)));
    }
  }
}

}  // namespace kedge

#include "selftest_int8.h"

#include <span>
#include <vector>

#include "drawn_net.h"
#include "kedge/score/plan.h"
#include "kedge/score/quantize_graph.h"

namespace kedge {
namespace {

constexpr std::size_t kWidths[] = {13, 70, 33, 3};
constexpr std::size_t kRows = 50;

// Few rows go through kernels of their own.
void add_few_rows(Digest& digest, const Graph& graph, std::span<const double> x) {
  const Plan plan(graph, RankedForest{});
  for (std::size_t rows = 1; rows <= 9; ++rows) {
    std::vector<float> scores(rows * graph.outputs());
    plan.score(rows_of(x.first(rows * kWidths[0]), kWidths[0]), scores.data(), true);
    digest.add(std::as_bytes(std::span(scores)));
  }
}

}  // namespace

void add_int8(Digest& digest) {
  Random random(8);
  for (const Activation activation : {Activation::kRelu, Activation::kTanh}) {
    const Graph graph = drawn_net(kWidths, activation, random);
    const std::vector<double> x = drawn(kRows * kWidths[0], 1, random);
    const Rows rows = rows_of(x, kWidths[0]);
    for (const auto how : {RangeRule::kMinMax, RangeRule::kPercentile, RangeRule::kMse}) {
      const QuantizedGraph made = quantize_graph(graph, rows, how);
      digest.add(made.graph.weights);
      std::vector<float> scores(kRows * made.graph.outputs());
      Plan(made.graph, RankedForest{}).score(rows, scores.data(), true);
      digest.add(std::as_bytes(std::span(scores)));
      add_few_rows(digest, made.graph, x);
    }
  }
}

}  // namespace kedge

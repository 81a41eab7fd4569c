#include "selftest_int16.h"

#include <span>
#include <vector>

#include "drawn_net.h"
#include "kedge/score/plan.h"
#include "kedge/score/quantize_shorts.h"

namespace kedge {
namespace {

constexpr std::size_t kWidths[] = {13, 270, 33, 3};  // more than a block of inputs
constexpr std::size_t kRows = 50;

}  // namespace

void add_int16(Digest& digest) {
  Random random(16);
  for (const Activation activation : {Activation::kRelu, Activation::kTanh}) {
    const Graph graph = drawn_net(kWidths, activation, random);
    const std::vector<double> x = drawn(kRows * kWidths[0], 1, random);
    const Rows rows = rows_of(x, kWidths[0]);
    for (const auto how : {RangeRule::kMinMax, RangeRule::kPercentile, RangeRule::kMse}) {
      const QuantizedGraph made = quantize_shorts(graph, rows, how);
      digest.add(made.graph.weights);
      std::vector<float> scores(kRows * made.graph.outputs());
      Plan(made.graph, RankedForest{}).score(rows, scores.data(), true);
      digest.add(std::as_bytes(std::span(scores)));
    }
  }
}

}  // namespace kedge

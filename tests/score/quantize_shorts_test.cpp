#include "kedge/score/quantize_shorts.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "check.h"
#include "drawn_net.h"
#include "kedge/base/random.h"
#include "kedge/model/graph_builder.h"
#include "kedge/score/plan.h"

namespace kedge {
namespace {

std::vector<float> scores(const Graph& graph, const Rows& rows) {
  std::vector<float> out(rows.count * graph.outputs());
  Plan(graph, RankedForest{}).score(rows, out.data(), true);
  return out;
}

TEST("a net of int16 is nearer to the floats than one of bytes, alone as in a block") {
  Random random(5);
  const std::vector<std::vector<std::size_t>> nets = {
      {28, 1}, {28, 64, 32, 1}, {300, 256, 128, 5}, {3, 17, 33, 2}, {1, 1}};
  for (const auto& widths : nets) {
    for (const Activation activation : {Activation::kRelu, Activation::kTanh}) {
      const Graph graph = drawn_net(widths, activation, random);
      const std::vector<double> x = drawn(300 * widths.front(), 1, random);
      const Rows rows = rows_of(x, widths.front());
      const QuantizedGraph made = quantize_shorts(graph, rows, RangeRule::kMinMax);
      const QuantizedGraph bytes = quantize_graph(graph, rows, RangeRule::kMinMax);
      CHECK(made.steps.size() == widths.size() - 1);
      for (const StepError& step : made.steps) CHECK(step.mean < 0.001 * step.range);
      CHECK(made.steps.back().mean < 0.2 * bytes.steps.back().mean);
      const std::vector<float> got = scores(made.graph, rows);
      for (std::size_t i = 0; i < 20; ++i) {
        const std::vector<float> alone = scores(made.graph, rows.from(i, 1));
        CHECK(std::equal(alone.begin(), alone.end(),
                         got.begin() + static_cast<std::ptrdiff_t>(i * alone.size())));
      }
    }
  }
}

TEST("an output that has no weights is its bias, whatever the others are") {
  GraphBuilder builder(2, NumberKind::kFloat);
  std::uint32_t slot = builder.affine(0, 3, std::vector<double>{0, 1e-30, 3, 0, 1e-30, -2},
                                      std::vector<double>{0.75, -0.5, 1});
  slot = builder.activate(slot, Activation::kRelu);
  const Graph graph =
      builder.finish(builder.affine(slot, 1, std::vector<double>{1, 1, 1}, std::vector<double>{0}));
  Random random(6);
  const std::vector<double> x = drawn(100, 1, random);
  const QuantizedGraph made = quantize_shorts(graph, rows_of(x, 2), RangeRule::kMinMax);
  CHECK(made.steps.back().largest < 0.001);
}

TEST("a column that is always zero takes nothing from the others") {
  GraphBuilder builder(2, NumberKind::kFloat);
  const Graph graph =
      builder.finish(builder.affine(0, 1, std::vector<double>{1000, 1e-3}, std::vector<double>{0}));
  std::vector<double> x;
  Random random(7);
  for (std::size_t i = 0; i < 200; ++i) {
    x.push_back(0);
    x.push_back(1e-3 * random.uniform());
  }
  const QuantizedGraph made = quantize_shorts(graph, rows_of(x, 2), RangeRule::kMinMax);
  CHECK(made.steps.back().largest < 1e-9);
}

TEST("what cannot become int16 is refused by name") {
  Random random(7);
  const Graph graph = drawn_net(std::vector<std::size_t>{2, 3, 1}, Activation::kRelu, random);
  const std::vector<double> x = {1, 2};
  const Rows rows = rows_of(x, 2);
  CHECK_ERROR("no rows", quantize_shorts(graph, Rows{}, RangeRule::kMinMax));
  const QuantizedGraph made = quantize_shorts(graph, rows, RangeRule::kMinMax);
  CHECK_ERROR("in int16 already, step 0", quantize_shorts(made.graph, rows, RangeRule::kMinMax));
  CHECK_ERROR("in int16 already", quantize_graph(made.graph, rows, RangeRule::kMinMax));
  GraphBuilder builder(2, NumberKind::kFloat);
  const Graph other = builder.finish(builder.activate(0, Activation::kTanh));
  CHECK_ERROR("no affine step", quantize_shorts(other, rows, RangeRule::kMinMax));
}

}  // namespace
}  // namespace kedge

#include "kedge/score/quantize_graph.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
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

TEST("a net of bytes scores near the net of floats, alone as in a block") {
  Random random(5);
  const std::vector<std::vector<std::size_t>> nets = {
      {28, 1}, {28, 64, 32, 1}, {100, 256, 128, 5}, {3, 17, 33, 2}, {1, 1}};
  for (const auto& widths : nets) {
    for (const Activation activation : {Activation::kRelu, Activation::kTanh}) {
      const Graph graph = drawn_net(widths, activation, random);
      const std::vector<double> x = drawn(300 * widths.front(), 1, random);
      const Rows rows = rows_of(x, widths.front());
      const std::vector<float> wanted = scores(graph, rows);
      for (const auto how : {RangeRule::kMinMax, RangeRule::kPercentile, RangeRule::kMse}) {
        const QuantizedGraph made = quantize_graph(graph, rows, how);
        const std::vector<float> got = scores(made.graph, rows);
        const auto [low, high] = std::ranges::minmax(wanted);
        double sum = 0;
        for (std::size_t i = 0; i < got.size(); ++i) sum += std::abs(got[i] - wanted[i]);
        CHECK(sum / static_cast<double>(got.size()) < 0.03 * (high - low));
        CHECK(made.steps.size() == widths.size() - 1);
        for (const StepError& step : made.steps) CHECK(step.mean < 0.03 * step.range);
        for (std::size_t i = 0; i < 20; ++i) {
          const std::vector<float> alone = scores(made.graph, rows.from(i, 1));
          CHECK(std::equal(alone.begin(), alone.end(),
                           got.begin() + static_cast<std::ptrdiff_t>(i * alone.size())));
        }
      }
    }
  }
}

TEST("a column's own scale keeps small columns beside large ones") {
  GraphBuilder builder(2, NumberKind::kFloat);
  const Graph graph = builder.finish(
      builder.affine(0, 1, std::vector<double>{1e-6, 1e3}, std::vector<double>{0.5}));
  std::vector<double> x;
  Random random(6);
  for (std::size_t i = 0; i < 200; ++i) {
    x.push_back(1e6 * random.uniform());
    x.push_back(1e-3 * random.uniform());
  }
  const QuantizedGraph made = quantize_graph(graph, rows_of(x, 2), RangeRule::kMinMax);
  CHECK(made.steps.back().largest < 0.02);
}

std::vector<double> columns_up_to(std::span<const double> scales, std::size_t count) {
  Random random(8);
  std::vector<double> x;
  for (std::size_t i = 0; i < count; ++i) {
    for (const double scale : scales) x.push_back(scale * (2 * random.uniform() - 1));
  }
  return x;
}

TEST("an activation of columns of unlike sizes is near the floats in each of them") {
  GraphBuilder builder(2, NumberKind::kFloat);
  const std::uint32_t slot = builder.activate(0, Activation::kTanh);
  const Graph graph = builder.finish(builder.affine(slot, 2, std::vector<double>{1, 0, 0, 1}, {}));
  for (const std::vector<double>& scales : {std::vector{1.0, 100.0}, std::vector{100.0, 1.0}}) {
    const std::vector<double> x = columns_up_to(scales, 300);
    const QuantizedGraph made = quantize_graph(graph, rows_of(x, 2), RangeRule::kMinMax);
    CHECK(made.steps.back().largest < 0.01);
  }
}

TEST("an affine step that others read as floats, too, gives a table one scale for all columns") {
  GraphBuilder builder(2, NumberKind::kFloat);
  const std::vector<double> same = {1, 0, 0, 1};
  const std::uint32_t sums = builder.affine(0, 2, same, {});
  const std::uint32_t end = builder.affine(builder.activate(sums, Activation::kTanh), 2, same, {});
  const Graph graph = builder.finish(builder.combine(Combination::kAdd, end, sums));
  const std::vector<double> x = columns_up_to(std::vector{10.0, 1.0}, 300);
  const QuantizedGraph made = quantize_graph(graph, rows_of(x, 2), RangeRule::kMinMax);
  CHECK(made.steps.back().largest < 0.1);
}

TEST("an output whose weights are next to nothing is its bias, whatever the others are") {
  GraphBuilder builder(2, NumberKind::kFloat);
  const std::uint32_t slot = builder.affine(0, 3, std::vector<double>{1e-9, 1e-30, 3, 0, 0, -2},
                                            std::vector<double>{1, -0.5, 1});
  const Graph graph =
      builder.finish(builder.affine(slot, 1, std::vector<double>{1, 1, 1}, std::vector<double>{0}));
  const std::vector<double> x = columns_up_to(std::vector{1.0, 1.0}, 300);
  const QuantizedGraph made = quantize_graph(graph, rows_of(x, 2), RangeRule::kMinMax);
  CHECK(made.steps.back().largest < 0.1);
}

TEST("what cannot be quantized is refused by name") {
  Random random(7);
  const Graph graph = drawn_net(std::vector<std::size_t>{2, 3, 1}, Activation::kRelu, random);
  const std::vector<double> x = {1, std::numeric_limits<double>::quiet_NaN()};
  CHECK_ERROR("not finite", quantize_graph(graph, rows_of(x, 2), RangeRule::kMinMax));
  CHECK_ERROR("no rows", quantize_graph(graph, Rows{}, RangeRule::kMinMax));
  GraphBuilder builder(2, NumberKind::kFloat);
  const Graph other = builder.finish(builder.activate(0, Activation::kTanh));
  const std::vector<double> fine = {1, 2};
  CHECK_ERROR("no affine step", quantize_graph(other, rows_of(fine, 2), RangeRule::kMinMax));
}

}  // namespace
}  // namespace kedge

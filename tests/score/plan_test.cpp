#include "kedge/score/plan.h"

#include <cmath>
#include <limits>
#include <vector>

#include "check.h"
#include "drawn_net.h"
#include "kedge/base/random.h"
#include "kedge/model/graph_builder.h"

namespace kedge {
namespace {

std::vector<float> scores(const Graph& graph, const Rows& rows,
                          Plan::Slots slots = Plan::Slots::kReused) {
  std::vector<float> out(rows.count * graph.outputs());
  Plan(graph, RankedForest{}, slots).score(rows, out.data(), true);
  return out;
}

TEST("a ReLU clamps the affine step that it reads, whichever was written last") {
  Random random(3);
  for (const bool reads_first : {false, true}) {
    GraphBuilder builder(4, NumberKind::kFloat);
    const std::uint32_t first = builder.affine(0, 5, drawn(20, 1, random), drawn(5, 1, random));
    const std::uint32_t second = builder.affine(0, 5, drawn(20, 1, random), drawn(5, 1, random));
    const std::uint32_t clamped = builder.activate(reads_first ? first : second, Activation::kRelu);
    const Graph graph = builder.finish(
        builder.combine(Combination::kSubtract, clamped, reads_first ? second : first));
    const std::vector<double> x = drawn(400, 1, random);
    const Rows rows = rows_of(x, 4);
    CHECK(scores(graph, rows) == scores(graph, rows, Plan::Slots::kKept));
  }
}

TEST("the largest and the least of numbers with NaN among them is NaN, wherever it is") {
  for (const Reduction how : {Reduction::kMin, Reduction::kMax}) {
    GraphBuilder builder(4, NumberKind::kFloat);
    const Graph graph = builder.finish(builder.extreme(0, how));
    for (std::size_t place = 0; place < 4; ++place) {
      std::vector<double> x = {3, -1, 4, 2};
      CHECK(scores(graph, rows_of(x, 4)).front() == (how == Reduction::kMin ? -1.0F : 4.0F));
      x[place] = std::numeric_limits<double>::quiet_NaN();
      CHECK(std::isnan(scores(graph, rows_of(x, 4)).front()));
    }
  }
}

TEST("graphs that are stored without it pass NaN over, unless it comes first") {
  GraphBuilder builder(3, NumberKind::kFloat);
  const Graph graph = builder.finish(builder.reduce(0, Reduction::kMax));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(scores(graph, rows_of(std::vector<double>{1, nan, 3}, 3)).front() == 3);
  CHECK(std::isnan(scores(graph, rows_of(std::vector<double>{nan, 2, 3}, 3)).front()));
}

}  // namespace
}  // namespace kedge

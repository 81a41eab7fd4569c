#include "kedge/score/graph_golden.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kedge/base/random.h"
#include "kedge/score/plan.h"

namespace kedge {
namespace {

constexpr std::size_t kRows = 16;
constexpr std::size_t kMissingRows = 2;  // of them, those in which values are missing

double draw(const Feature& feature, std::size_t row, Random& random) {
  if (row < kMissingRows && random.below(4) == 0) return std::numeric_limits<double>::quiet_NaN();
  if (!feature.categories.empty()) {
    return static_cast<double>(random.below(static_cast<std::uint32_t>(feature.categories.size())));
  }
  const double value = 4 * random.uniform() - 2;
  return random.below(8) == 0 ? std::round(value * 8) : value;
}

}  // namespace

Golden graph_golden(const Graph& graph, std::span<const Feature> features,
                    const RankedForest& forest) {
  const Plan plan(graph, forest);
  Random random(graph.features);
  Golden golden;
  golden.rows.reserve(kRows * graph.features);
  for (std::size_t i = 0; i < kRows; ++i) {
    for (std::size_t j = 0; j < graph.features; ++j) {
      golden.rows.push_back(static_cast<float>(draw(features[j], i, random)));
    }
  }
  golden.raw.resize(kRows * graph.outputs());
  const Rows rows = rows_of(golden.rows, graph.features);
  if (graph.steps.back().number == NumberKind::kFloat) {
    std::vector<float> raw(golden.raw.size());
    plan.score(rows, raw.data(), true);
    std::ranges::copy(raw, golden.raw.begin());
  } else {
    plan.score(rows, golden.raw.data(), true);
  }
  // The sign of a NaN is not the same on every machine.
  for (double& score : golden.raw) {
    if (std::isnan(score)) score = std::numeric_limits<double>::quiet_NaN();
  }
  return golden;
}

}  // namespace kedge

// Any bytes are a model whose rows can be scored, by a forest or by steps, or a named error.

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "forest.h"
#include "kedge/model/onnx.h"
#include "kedge/model/onnx_net.h"
#include "kedge/score/plan.h"

namespace {

constexpr std::size_t kRows = 13;  // whole tiles and one more

// A batch scores as its rows do one by one. What ONNX writes here is of floats.
void fuzz_net(const kedge::Net& net) {
  constexpr double kHard[] = {std::numeric_limits<double>::quiet_NaN(), 0.0, -0.5, 1e30, HUGE_VAL};
  const kedge::RankedForest no_trees;
  const kedge::Plan plan(net.graph, no_trees);
  const std::size_t outputs = net.graph.outputs();
  std::vector<double> values(kRows * net.graph.features);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = kHard[i * i % std::size(kHard)];
  const kedge::Rows rows = kedge::rows_of(values, net.graph.features);
  std::vector<float> batch(kRows * outputs);
  std::vector<float> ones(batch.size());
  plan.score(rows, batch.data(), false);
  for (std::size_t i = 0; i < kRows; ++i) {
    plan.score(rows.from(i, 1), ones.data() + i * outputs, false);
  }
  kedge::fuzz_check(std::ranges::equal(
      batch, ones, [](float a, float b) { return a == b || (std::isnan(a) && std::isnan(b)); }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = kedge::fuzz_bytes(data, size);
  try {
    kedge::fuzz_forest(kedge::import_onnx(bytes));
  } catch (const kedge::Error&) {
  }
  try {
    fuzz_net(kedge::import_onnx_net(bytes));
  } catch (const kedge::Error&) {
  }
  return 0;
}

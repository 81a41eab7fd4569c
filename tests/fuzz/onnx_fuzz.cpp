// Any bytes are a model whose rows can be scored, by a forest or by steps, or a named error.

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "forest.h"
#include "kedge/model/bundle.h"
#include "kedge/model/onnx.h"
#include "kedge/model/onnx_net.h"
#include "kedge/model/quantize.h"
#include "kedge/score/plan.h"

namespace {

constexpr std::size_t kRows = 13;  // whole tiles and one more

template <class Number>
void fuzz_plan(const kedge::Plan& plan, const kedge::Rows& rows) {
  const std::size_t outputs = plan.graph().outputs();
  std::vector<Number> batch(kRows * outputs);
  std::vector<Number> ones(batch.size());
  plan.score(rows, batch.data(), false);
  for (std::size_t i = 0; i < kRows; ++i) {
    plan.score(rows.from(i, 1), ones.data() + i * outputs, false);
  }
  kedge::fuzz_check(std::ranges::equal(
      batch, ones, [](Number a, Number b) { return a == b || (std::isnan(a) && std::isnan(b)); }));
}

// A batch scores as its rows do one by one.
void fuzz_net(const kedge::Net& net) {
  constexpr double kHard[] = {std::numeric_limits<double>::quiet_NaN(), 0.0, -0.5, 1e30, HUGE_VAL};
  const kedge::RankedForest forest =
      net.forest ? kedge::quantize(*net.forest) : kedge::RankedForest();
  kedge::check_trees(net.graph, forest);
  const kedge::Plan plan(net.graph, forest);
  std::vector<double> values(kRows * net.graph.features);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = kHard[i * i % std::size(kHard)];
  const kedge::Rows rows = kedge::rows_of(values, net.graph.features);
  if (net.graph.steps.back().number == kedge::NumberKind::kFloat) {
    fuzz_plan<float>(plan, rows);
  } else {
    fuzz_plan<double>(plan, rows);
  }
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

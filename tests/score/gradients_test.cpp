#include "kedge/score/gradients.h"

#include <cmath>
#include <functional>
#include <vector>

#include "check.h"
#include "kedge/base/random.h"
#include "kedge/model/graph_builder.h"

namespace kedge {
namespace {

constexpr std::size_t kFeatures = 4;
constexpr std::size_t kHidden = 6;

std::vector<double> draw(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<double> values(count);
  for (double& value : values) value = 2 * random.uniform() - 1;
  return values;
}

using Ending = std::function<std::uint32_t(GraphBuilder&, std::uint32_t)>;

// What the end makes of a layer of tanh, and a layer of one number after it.
Graph with(const Ending& end) {
  GraphBuilder net(kFeatures, NumberKind::kDouble);
  const std::uint32_t hidden = net.affine(0, kHidden, draw(kFeatures * kHidden, 1), {});
  const std::uint32_t ended = end(net, net.activate(hidden, Activation::kTanh));
  const std::uint32_t raw = net.affine(ended, 1, draw(net.width(ended), 2), {});
  return net.finish(raw);
}

double score(const Plan& plan, const std::vector<double>& x) {
  double out = 0;
  plan.score(rows_of(x, kFeatures), &out, true);
  return out;
}

// How far the slopes are from adding up on ways that change all features, or one of them.
double most_short(const Ending& end, std::size_t points) {
  const Graph graph = with(end);
  const Plan plan(graph, {});
  const Gradients gradients(graph);
  const std::vector<double> other = draw(kFeatures, 3);
  const std::vector<double> base = {score(plan, other)};
  double most = 0;
  for (std::size_t one = 0; one <= kFeatures; ++one) {
    std::vector<double> x = one < kFeatures ? other : draw(kFeatures, 4);
    if (one < kFeatures) x[one] += 0.5;
    std::vector<double> phi(kFeatures);
    std::vector<double> errors(kFeatures);
    gradients.explain(rows_of(x, kFeatures), other, base, points, phi.data(), errors.data());
    double sum = base[0];
    for (const double value : phi) sum += value;
    most = std::max(most, std::fabs(sum - score(plan, x)));
    CHECK(std::fabs(errors[0] - std::fabs(sum - score(plan, x))) < 1e-12);
  }
  return most;
}

Ending reduction(Reduction how) {
  return [how](GraphBuilder& net, std::uint32_t slot) { return net.reduce(slot, how, 2); };
}

Ending with_itself_turned(Combination how) {
  return [how](GraphBuilder& net, std::uint32_t slot) {
    const std::vector<std::uint32_t> turned = {5, 4, 3, 2, 1, 0};
    return net.combine(how, slot, net.select(slot, turned));
  };
}

}  // namespace

TEST("slopes of a layer norm add up, part by part") {
  CHECK(most_short(
            [](GraphBuilder& net, std::uint32_t slot) {
              return net.layer_norm(slot, draw(3, 5), draw(3, 6), 0.1, 2);
            },
            60) < 1e-9);
}

TEST("slopes of reductions add up") {
  CHECK(most_short(reduction(Reduction::kSum), 40) < 1e-9);
  CHECK(most_short(reduction(Reduction::kMean), 40) < 1e-9);
  CHECK(most_short(reduction(Reduction::kMin), 900) < 2e-3);
  CHECK(most_short(reduction(Reduction::kMax), 900) < 2e-3);
}

TEST("slopes of what is combined add up") {
  CHECK(most_short(with_itself_turned(Combination::kAdd), 40) < 1e-9);
  CHECK(most_short(with_itself_turned(Combination::kMultiply), 40) < 1e-9);
  CHECK(most_short(with_itself_turned(Combination::kMin), 900) < 2e-3);
  CHECK(most_short(with_itself_turned(Combination::kMax), 900) < 2e-3);
  const std::vector<double> constant = draw(kHidden, 7);
  for (const Combination how : {Combination::kSubtract, Combination::kDivide}) {
    const Ending end = [&](GraphBuilder& net, std::uint32_t slot) {
      return net.combine(how, slot, constant);
    };
    CHECK(most_short(end, 40) < 1e-9);
  }
}

TEST("slopes of softmax and of columns side by side add up") {
  const Ending end = [](GraphBuilder& net, std::uint32_t slot) {
    const std::uint32_t parts[] = {net.softmax(slot, 2), slot,
                                   net.activate(slot, Activation::kExp)};
    return net.concat(parts);
  };
  CHECK(most_short(end, 40) < 1e-9);
}

TEST("a step without a slope is named") {
  const Ending end = [](GraphBuilder& net, std::uint32_t slot) {
    return net.reduce(slot, Reduction::kArgMax);
  };
  CHECK(test::error_of([&] { Gradients{with(end)}; }).find("step 2, ") != std::string::npos);
}

}  // namespace kedge

#include "selftest_nets.h"

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "kedge/base/random.h"
#include "kedge/model/bundle.h"
#include "kedge/model/graph_builder.h"
#include "kedge/score/gradients.h"
#include "kedge/score/graph_golden.h"
#include "kedge/score/model.h"
#include "kedge/score/plan.h"
#include "kedge/score/sampled_background.h"

namespace kedge {
namespace {

constexpr std::size_t kFeatures = 5;
constexpr std::size_t kRows = 131;  // a block, whole tiles and a rest

class Drawer {
 public:
  Drawer(NumberKind number, Random& random) : net_(kFeatures, number), random_(random) {}

  Graph draw() {
    std::uint32_t slot = layer(0, 37);
    slot = layer(slot, 19);
    for (std::uint32_t i = 0; i <= static_cast<std::uint32_t>(kLastActivation); ++i) {
      slot = net_.activate(layer(slot, 17), static_cast<Activation>(i), 0.3);
    }
    slot = combined(slot);
    slot = normed(slot);
    const std::uint32_t raw = layer(slot, 3);
    net_.softmax(raw);
    return net_.finish(raw);
  }

  // Steps that all have slopes.
  Graph draw_smooth() {
    std::uint32_t slot = layer(0, 37);
    for (const Activation activation : {Activation::kTanh, Activation::kGelu, Activation::kRelu}) {
      slot = net_.activate(layer(slot, 17), activation);
    }
    slot = normed(layer(slot, 69));
    return net_.finish(layer(slot, 3));
  }

 private:
  // One call a line: in which order arguments are made is the compiler's choice.
  std::vector<double> numbers(std::size_t count, double size) {
    std::vector<double> drawn(count);
    for (double& value : drawn) value = size * (2 * random_.uniform() - 1);
    return drawn;
  }

  std::uint32_t layer(std::uint32_t slot, std::size_t outputs) {
    const std::size_t inputs = net_.width(slot);
    const double size = 2 / std::sqrt(static_cast<double>(inputs));
    const std::vector<double> weights = numbers(inputs * outputs, size);
    const std::vector<double> bias = numbers(outputs, 0.5);
    return net_.affine(slot, outputs, weights, bias);
  }

  std::uint32_t combined(std::uint32_t slot) {
    const std::uint32_t columns[] = {3, kNoColumn, 16, 0};
    const std::uint32_t some = net_.select(slot, columns, 0.25);
    const std::uint32_t one = net_.reduce(some, Reduction::kMean);
    std::vector<std::uint32_t> slots = {some};
    for (std::uint32_t i = 0; i <= static_cast<std::uint32_t>(kLastCombination); ++i) {
      const auto with = static_cast<Combination>(i);
      slots.push_back(net_.combine(with, some, one));
      slots.push_back(net_.combine(with, some, numbers(4, 3)));
    }
    for (std::uint32_t i = 0; i <= static_cast<std::uint32_t>(kLastReduction); ++i) {
      slots.push_back(net_.reduce(slot, static_cast<Reduction>(i)));
    }
    slots.push_back(net_.look_up(some, numbers(12, 1), 3));
    return net_.concat(slots);
  }

  // 69 columns: 23 parts of 3, normed and multiplied part by part, in the other numbers as well.
  std::uint32_t normed(std::uint32_t slot) {
    const std::vector<double> three = numbers(3, 2);
    const std::vector<double> six = numbers(6, 1);
    slot = net_.layer_norm(slot, three, three, 1e-5, 23);
    slot = net_.affine(slot, 2, six, {}, 23);
    const NumberKind number = net_.number_of(slot);
    const bool is_float = number == NumberKind::kFloat;
    slot = net_.convert(slot, is_float ? NumberKind::kDouble : NumberKind::kFloat);
    slot = net_.softmax(layer(slot, 8), 2);
    return net_.convert(slot, number);
  }

  GraphBuilder net_;
  Random& random_;
};

// NaN has another sign on other machines.
template <class Number>
void add_numbers(const std::vector<Number>& numbers, Digest& digest) {
  for (const Number number : numbers) {
    digest.add(std::isnan(number) ? std::numeric_limits<Number>::quiet_NaN() : number);
  }
}

template <class Number>
void add_scores(const Plan& plan, const Rows& rows, bool raw, Digest& digest) {
  const std::size_t outputs = plan.graph().outputs();
  std::vector<Number> scores(2 * rows.count * outputs);
  plan.score(rows, scores.data(), raw);
  for (std::size_t i = 0; i < rows.count; ++i) {
    plan.score(rows.from(i, 1), scores.data() + (rows.count + i) * outputs, raw);
  }
  add_numbers(scores, digest);
}

void add_net(const Graph& graph, const Rows& rows, Digest& digest) {
  const RankedForest no_trees;
  const Plan plan(graph, no_trees);
  for (const bool raw : {false, true}) {
    if (graph.number == NumberKind::kFloat) {
      add_scores<float>(plan, rows, raw, digest);
    } else {
      add_scores<double>(plan, rows, raw, digest);
    }
  }
  Bundle bundle;
  bundle.origin = "selftest";
  for (std::size_t i = 0; i < kFeatures; ++i) {
    bundle.features.push_back({"f" + std::to_string(i), FeatureKind::kNumber, {}});
  }
  bundle.graph = graph;
  bundle.golden = graph_golden(graph, bundle.features, no_trees);
  digest.add(write_bundle(bundle));
  const Model model(std::move(bundle));  // holds the golden rows to their scores
}

void add_explanations(const Graph& graph, const Rows& rows, Digest& digest) {
  const SampledBackground background(std::make_shared<const Plan>(graph, RankedForest{}),
                                     rows.from(0, 5));
  std::vector<double> values(3 * graph.outputs() * kFeatures);
  std::vector<double> errors(values.size());
  Sampling sampling;
  sampling.rounds = 3;
  background.explain(rows.from(5, 3), sampling, values.data(), errors.data());
  add_numbers(values, digest);
  add_numbers(errors, digest);
  const Gradients gradients(graph);
  gradients.explain(rows.from(5, 3), background.sample(), background.base(), 9, values.data(),
                    errors.data());
  add_numbers(values, digest);
  add_numbers(errors, digest);
}

}  // namespace

void add_nets(Digest& digest) {
  Random random(12);
  std::vector<double> values(kRows * kFeatures);
  for (double& value : values) {
    value =
        random.below(40) == 0 ? std::numeric_limits<double>::quiet_NaN() : 6 * random.uniform() - 3;
  }
  for (const NumberKind number : {NumberKind::kFloat, NumberKind::kDouble}) {
    add_net(Drawer(number, random).draw(), rows_of(values, kFeatures), digest);
    add_explanations(Drawer(number, random).draw_smooth(), rows_of(values, kFeatures), digest);
  }
}

}  // namespace kedge

#include "kedge/model/graph.h"

#include <functional>
#include <vector>

#include "check.h"
#include "kedge/model/graph_builder.h"

namespace kedge {
namespace {

// A graph whose parts can be damaged.
struct Damaged {
  explicit Damaged(const Graph& sound)
      : graph(sound),
        steps(sound.steps.begin(), sound.steps.end()),
        inputs(sound.inputs.begin(), sound.inputs.end()),
        tensors(sound.tensors.begin(), sound.tensors.end()) {}

  void check_all() {
    graph.steps = steps;
    graph.inputs = inputs;
    graph.tensors = tensors;
    check(graph);
  }

  Graph graph;
  std::vector<GraphStep> steps;
  std::vector<std::uint32_t> inputs;
  std::vector<GraphTensor> tensors;
};

enum Place { kAffine, kActivate, kSelect, kCombine, kLookUp, kConcat, kNorm, kReduce, kSoftmax };

// A step of every kind but kConvert: 4 columns, 6 hidden, 2 outputs.
Graph every_kind() {
  const std::vector<double> ones(24, 1);
  const std::vector<std::uint32_t> columns = {0, kNoColumn, 3};
  GraphBuilder net(4, NumberKind::kFloat);
  const std::uint32_t hidden = net.affine(0, 6, ones, {});
  const std::uint32_t active = net.activate(hidden, Activation::kTanh);
  const std::uint32_t some = net.select(active, columns, 0.5);
  const std::uint32_t sum = net.combine(Combination::kAdd, some, some);
  const std::uint32_t looked = net.look_up(some, std::span(ones).first(10), 2);
  const std::uint32_t both[] = {sum, looked, active};
  const std::uint32_t wide = net.concat(both);  // 3 + 6 + 6
  const std::uint32_t norm =
      net.layer_norm(wide, std::span(ones).first(5), std::span(ones).first(5), 1e-5, 3);
  const std::uint32_t raw = net.reduce(norm, Reduction::kMean, 3);
  net.softmax(raw);
  return net.finish(raw);
}

std::string refusal(const std::function<void(Damaged&)>& damage) {
  Damaged damaged(every_kind());
  damage(damaged);
  return test::error_of([&] { damaged.check_all(); });
}

}  // namespace

#define REFUSED(part, ...) \
  CHECK(refusal([](Damaged& d) { __VA_ARGS__; }).find(part) != std::string::npos)

TEST("a sound graph passes") {
  CHECK(refusal([](Damaged&) {}) == "no error");
}

TEST("what any step has is held to its bounds") {
  REFUSED("kind is 99", d.steps[kAffine].kind = StepKind{99});
  REFUSED("numbers are of no known kind", d.steps[kAffine].number = NumberKind{99});
  REFUSED("writes other numbers than slot 2", d.steps[kSelect].number = NumberKind::kDouble);
  REFUSED("width is 0", d.steps[kActivate].width = 0);
  REFUSED("width is 4194305", d.steps[kActivate].width = kMostGraphWidth + 1);
  REFUSED("repeats 0 times", d.steps[kAffine].repeat = 0);
  REFUSED("repeats 7 times for a width of 6", d.steps[kAffine].repeat = 7);
  REFUSED("inputs 4294967295 to 4294967296", d.steps[kAffine].first_input = ~0U);
  REFUSED("tensors 0 to 4294967295", d.steps[kAffine].tensors = ~0U);
  REFUSED("it reads slot 2, the last before it is 1", d.inputs[1] = 2);
  REFUSED("0 inputs and 0 tensors, 1 and 0 are wanted", d.steps[kActivate].inputs = 0);
}

TEST("what a kind of step wants is held to its bounds") {
  REFUSED("64 elements of kind 0, 32 of kind 0 are wanted", d.steps[kAffine].repeat = 2);
  REFUSED("its option is 2, at most 1", d.steps[kAffine].option = 2);
  REFUSED("step 0 (affine): its tensor 0", d.tensors[0].count = 63);
  REFUSED("step 0 (affine): its tensor 1", d.tensors[1].kind = TensorKind::kIndex);
  REFUSED("its option is 13", d.steps[kActivate].option = 13);
  REFUSED("its width is 5, its input wants 6", d.steps[kActivate].width = 5);
  REFUSED("step 2 (select): its tensor 0", d.steps[kSelect].width = 4);
  REFUSED("its option is 6", d.steps[kCombine].option = 6);
  REFUSED("its second input wants 6", d.inputs[4] = 1);
  REFUSED("looks up 6 columns of 3", d.steps[kLookUp].repeat = 6);
  REFUSED("table of 9 has no rows of 2", d.tensors[3].count = 9);
  REFUSED("table of 0 has no rows", d.tensors[3].count = 0);
  REFUSED("its inputs wants 15", d.steps[kConcat].width = 14);
  REFUSED("no 2 equal parts", d.steps[kNorm].repeat = 2);
  REFUSED("step 6 (layer norm): its tensor 1", d.tensors[5].count = 4);
  REFUSED("its width is 5, its parts wants 3", d.steps[kReduce].width = 5);
  REFUSED("a width of 15 has no 2 equal parts", d.steps[kReduce].repeat = 2);
  REFUSED("its option is 5, at most 4", d.steps[kReduce].option = 5);
  REFUSED("(softmax): a width of 3 has no 2 equal parts", d.steps[kSoftmax].repeat = 2);
}

TEST("what a graph has is held to its bounds") {
  REFUSED("0 features", d.graph.features = 0);
  REFUSED("rows are of no kind", d.graph.number = NumberKind{99});
  REFUSED("raw scores after 0 of 9 steps", d.graph.raw_steps = 0);
  REFUSED("raw scores after 10 of 9 steps", d.graph.raw_steps = 10);
  REFUSED("15 raw scores, 3 predictions", d.graph.raw_steps = 7);
  REFUSED("0 steps", d.steps.clear());
  REFUSED("tensor 0", d.tensors[0].offset = 32);
  REFUSED("tensor 0", d.tensors[0].offset = ~0ULL - 63);
  REFUSED("tensor 0", d.tensors[0].count = ~0ULL / 4);
  REFUSED("tensor 0", d.tensors[0].kind = TensorKind{3});
}

#undef REFUSED

TEST("a graph of too many numbers a row is refused before anything is made of it") {
  const std::vector<std::uint32_t> many(1 << 21, 0);
  GraphBuilder net(1, NumberKind::kFloat);
  net.select(0, many);
  const std::uint32_t slot = net.select(0, many);
  CHECK_ERROR("up to step 1 a row takes 4194305 numbers", net.finish(slot));
}

TEST("a column that the step before does not have is refused") {
  const std::uint32_t columns[] = {4};
  GraphBuilder net(4, NumberKind::kFloat);
  const std::uint32_t slot = net.select(0, columns);
  CHECK_ERROR("column 4 of 4", net.finish(slot));
}

}  // namespace kedge

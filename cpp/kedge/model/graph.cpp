#include "kedge/model/graph.h"

#include <array>
#include <limits>

#include "kedge/base/error.h"
#include "kedge/model/byte_steps.h"
#include "kedge/model/short_steps.h"
#include "kedge/model/step_rule.h"
#include "kedge/model/trees.h"

namespace kedge {
namespace {

constexpr std::array<std::string_view, 22> kStepNames = {
    "affine",     "activate",     "combine",        "select",      "concat",   "softmax",
    "layer norm", "convert",      "look up",        "reduce",      "fill",     "missing",
    "place",      "normalize",    "trees",          "link",        "quantize", "byte affine",
    "byte table", "quantize row", "quantize short", "short affine"};
constexpr std::array<std::string_view, 13> kActivationNames = {
    "none",    "relu", "leaky relu", "elu",    "gelu", "gelu by tanh", "tanh",
    "sigmoid", "exp",  "abs",        "negate", "sqrt", "softplus"};
static_assert(kStepNames.size() == static_cast<std::size_t>(kLastStepKind) + 1);
static_assert(kActivationNames.size() == static_cast<std::size_t>(kLastActivation) + 1);

constexpr TensorKind tensor_of(NumberKind number) {
  return number == NumberKind::kFloat ? TensorKind::kFloat : TensorKind::kDouble;
}

// One step at a time against its rule.
class StepCheck : StepRule {
 public:
  StepCheck(const Graph& graph, std::size_t place) : StepRule(graph, place) {}

  void run() const {
    if (step_.kind > kLastStepKind) refuse("its kind is ", static_cast<std::uint32_t>(step_.kind));
    if (step_.number > NumberKind::kShort) refuse("its numbers are of no known kind");
    if (step_.width == 0 || step_.width > kMostGraphWidth) refuse("its width is ", step_.width);
    if (step_.repeat == 0 || step_.repeat > step_.width) {
      refuse("it repeats ", step_.repeat, " times for a width of ", step_.width);
    }
    check_range("inputs", step_.first_input, step_.inputs, graph_.inputs.size());
    check_range("tensors", step_.first_tensor, step_.tensors, graph_.tensors.size());
    for (std::size_t i = 0; i < step_.inputs; ++i) check_input(i);
    check_kind();
  }

 private:
  void check_range(std::string_view what, std::uint64_t first, std::uint64_t count,
                   std::size_t most) const {
    if (first + count > most) {
      refuse(what, " ", first, " to ", first + count, ", there are ", most);
    }
  }

  void check_input(std::size_t i) const {
    const std::uint32_t slot = graph_.input(step_, i);
    if (slot > place_) refuse("it reads slot ", slot, ", the last before it is ", place_);
    const NumberKind number = graph_.number_of(slot);
    if (step_.kind >= StepKind::kQuantize) {
      const NumberKind wanted = quantized_input();
      if (number != wanted) refuse("slot ", slot, " does not hold ", plural(wanted));
      return;
    }
    if (number == NumberKind::kShort || step_.number == NumberKind::kShort) refuse("it has int16");
    const bool moves_only = step_.kind == StepKind::kSelect || step_.kind == StepKind::kConcat;
    const bool has_bytes = number == NumberKind::kByte || step_.number == NumberKind::kByte;
    if (has_bytes && !moves_only) refuse("it has bytes");
    if (step_.kind != StepKind::kConvert && step_.kind != StepKind::kTrees &&
        number != step_.number) {
      refuse("it writes other numbers than slot ", slot, " has");
    }
  }

  // What a step that writes or reads whole numbers reads.
  NumberKind quantized_input() const {
    switch (step_.kind) {
      case StepKind::kByteAffine:
      case StepKind::kByteTable:
        return NumberKind::kByte;
      case StepKind::kShortAffine:
        return NumberKind::kShort;
      default:
        return NumberKind::kFloat;
    }
  }
  static std::string_view plural(NumberKind number) {
    if (number == NumberKind::kShort) return "int16";
    return number == NumberKind::kByte ? "bytes" : "floats";
  }

  void expect_width(std::uint64_t wanted, std::string_view of) const {
    if (step_.width != wanted) refuse("its width is ", step_.width, ", ", of, " wants ", wanted);
  }
  void expect_option(std::uint32_t last) const {
    if (step_.option > last) refuse("its option is ", step_.option, ", at most ", last);
  }
  void expect_parts(std::uint64_t width) const {
    if (width % step_.repeat != 0) {
      refuse("a width of ", width, " has no ", step_.repeat, " equal parts");
    }
  }
  void expect_input_width() const { expect_width(input_width(0), "its input"); }

  void check_kind() const {
    switch (step_.kind) {
      case StepKind::kAffine:
        return check_affine();
      case StepKind::kActivate:
        expect_counts(1, 0);
        expect_option(static_cast<std::uint32_t>(kLastActivation));
        return expect_width(input_width(0), "its input");
      case StepKind::kCombine:
        return check_combine();
      case StepKind::kSelect:
        return check_select();
      case StepKind::kConcat:
        return check_concat();
      case StepKind::kSoftmax:
        expect_counts(1, 0);
        expect_parts(step_.width);
        return expect_width(input_width(0), "its input");
      case StepKind::kLayerNorm:
        return check_layer_norm();
      case StepKind::kConvert:
        expect_counts(1, 0);
        return expect_width(input_width(0), "its input");
      case StepKind::kLookUp:
        return check_look_up();
      case StepKind::kReduce:
        expect_counts(1, 0);
        expect_option(static_cast<std::uint32_t>(kLastReduction));
        expect_parts(input_width(0));
        return expect_width(step_.repeat, "its parts");
      case StepKind::kFill:
        expect_counts(1, 1);
        expect_tensor(0, tensor_of(step_.number), step_.width);
        return expect_input_width();
      case StepKind::kPlace:
        return check_place();
      case StepKind::kNormalize:
        expect_option(static_cast<std::uint32_t>(kLastNorm));
        expect_counts(1, 0);
        return expect_input_width();
      case StepKind::kTrees:
        return expect_counts(1, 0);
      case StepKind::kMissing:
      case StepKind::kLink:
        expect_counts(1, 0);
        return expect_input_width();
      case StepKind::kQuantize:
      case StepKind::kByteAffine:
      case StepKind::kByteTable:
      case StepKind::kQuantizeRow:
        return check_byte_step(graph_, place_);
      case StepKind::kQuantizeShort:
      case StepKind::kShortAffine:
        return check_short_step(graph_, place_);
    }
  }

  void check_affine() const {
    expect_counts(1, 2);
    expect_option(static_cast<std::uint32_t>(Activation::kRelu));
    expect_parts(step_.width);
    expect_parts(input_width(0));
    const std::uint64_t padded = padded_width(step_.width / step_.repeat, step_.number);
    expect_tensor(0, tensor_of(step_.number), padded * (input_width(0) / step_.repeat));
    expect_tensor(1, tensor_of(step_.number), padded);
  }

  void check_combine() const {
    expect_option(static_cast<std::uint32_t>(kLastCombination));
    const bool has_tensor = step_.tensors > 0;
    expect_counts(has_tensor ? 1 : 2, has_tensor ? 1 : 0);
    expect_width(input_width(0), "its input");
    if (has_tensor) {
      const std::uint64_t count = graph_.tensor_count(step_, 0);
      return expect_tensor(0, tensor_of(step_.number), count == 1 ? 1 : step_.width);
    }
    if (input_width(1) != 1) expect_width(input_width(1), "its second input");
  }

  void check_select() const {
    expect_counts(1, 1);
    expect_tensor(0, TensorKind::kIndex, step_.width);
    const auto* columns = graph_.tensor<std::uint32_t>(step_, 0);
    for (std::size_t i = 0; i < step_.width; ++i) {
      if (columns[i] != kNoColumn && columns[i] >= input_width(0)) {
        refuse("column ", columns[i], " of ", input_width(0));
      }
    }
    if (step_.number == NumberKind::kByte && !is_byte(step_.parameter)) {
      refuse("its parameter is ", step_.parameter, ", no byte");
    }
  }

  void check_concat() const {
    if (step_.tensors != 0 || step_.inputs == 0) expect_counts(1, 0);
    std::uint64_t width = 0;
    for (std::size_t i = 0; i < step_.inputs; ++i) width += input_width(i);
    expect_width(width, "its inputs");
  }

  void check_layer_norm() const {
    expect_counts(1, 2);
    expect_parts(step_.width);
    expect_width(input_width(0), "its input");
    for (std::size_t i = 0; i < 2; ++i) {
      expect_tensor(i, tensor_of(step_.number), step_.width / step_.repeat);
    }
  }

  // `repeat` columns, each a row of the table.
  void check_look_up() const {
    expect_counts(1, 1);
    expect_parts(step_.width);
    if (input_width(0) != step_.repeat) {
      refuse("it looks up ", step_.repeat, " columns of ", input_width(0));
    }
    const std::uint64_t each = step_.width / step_.repeat;
    const std::uint64_t count = graph_.tensor_count(step_, 0);
    if (count == 0 || count % each != 0) refuse("its table of ", count, " has no rows of ", each);
    expect_tensor(0, tensor_of(step_.number), count);
  }

  void check_place() const {
    expect_counts(1, 1);
    expect_option(static_cast<std::uint32_t>(kLastPlacing));
    const std::uint64_t count = graph_.tensor_count(step_, 0);
    expect_tensor(0, tensor_of(step_.number), count);
    const bool rises =
        step_.number == NumberKind::kFloat ? is_rising<float>(count) : is_rising<double>(count);
    if (!rises) refuse("the numbers of its tensor do not rise");
    expect_input_width();
  }
  template <class Number>
  bool is_rising(std::size_t count) const {
    const auto* numbers = graph_.tensor<Number>(step_, 0);
    for (std::size_t i = 1; i < count; ++i) {
      if (!(numbers[i - 1] < numbers[i])) return false;
    }
    return count == 0 || numbers[0] == numbers[0];
  }
};

void check_tensors(const Graph& graph) {
  for (std::size_t i = 0; i < graph.tensors.size(); ++i) {
    const GraphTensor& tensor = graph.tensors[i];
    const bool is_known = tensor.kind <= TensorKind::kByte;
    if (!is_known || tensor.offset % 64 != 0 || tensor.offset > graph.weights.size() ||
        tensor.count > (graph.weights.size() - tensor.offset) / element_size(tensor.kind)) {
      throw corrupt_data("graph: tensor ", i, " has ", tensor.count, " elements at ", tensor.offset,
                         ", there are ", graph.weights.size(), " bytes of weights");
    }
  }
}

}  // namespace

std::string_view step_name(StepKind kind) noexcept {
  return kStepNames[static_cast<std::size_t>(kind)];
}

std::string_view activation_name(Activation activation) noexcept {
  return kActivationNames[static_cast<std::size_t>(activation)];
}

std::uint32_t tree_features(const Graph& graph) noexcept {
  for (const GraphStep& step : graph.steps) {
    if (step.kind == StepKind::kTrees) {
      return static_cast<std::uint32_t>(graph.width(graph.input(step, 0)));
    }
  }
  return 0;
}

void check(const Graph& graph) {
  if (graph.features == 0 || graph.features > kMostFeatures) {
    throw corrupt_data("graph: ", graph.features, " features, 1 to ", kMostFeatures,
                       " are possible");
  }
  if (graph.number > NumberKind::kDouble) throw corrupt_data("graph: its rows are of no kind");
  if (graph.steps.empty() || graph.raw_steps == 0 || graph.raw_steps > graph.steps.size()) {
    throw corrupt_data("graph: raw scores after ", graph.raw_steps, " of ", graph.steps.size(),
                       " steps");
  }
  check_tensors(graph);
  std::uint64_t total = graph.features;
  for (std::size_t i = 0; i < graph.steps.size(); ++i) {
    StepCheck(graph, i).run();
    total += padded_width(graph.steps[i].width, graph.steps[i].number);
    if (total > kMostGraphWidth) {
      throw corrupt_data("graph: up to step ", i, " a row takes ", total, " numbers, at most ",
                         kMostGraphWidth, " are possible");
    }
  }
  const std::size_t raw = graph.raw_steps;
  if (graph.width(raw) != graph.outputs() || graph.outputs() > kMostOutputs ||
      graph.number_of(raw) != graph.steps.back().number ||
      graph.number_of(raw) > NumberKind::kDouble) {
    throw corrupt_data("graph: ", graph.width(raw), " raw scores, ", graph.outputs(),
                       " predictions of at most ", kMostOutputs, ", or of other numbers");
  }
}

}  // namespace kedge

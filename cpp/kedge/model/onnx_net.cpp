#include "kedge/model/onnx_net.h"

#include <algorithm>
#include <numeric>

#include "kedge/base/error.h"
#include "kedge/model/graph_builder.h"
#include "kedge/model/graph_tidy.h"
#include "kedge/model/onnx_graph.h"
#include "kedge/model/onnx_net_outputs.h"
#include "kedge/model/onnx_net_reader.h"

namespace kedge {
namespace {

bool is_text(const OnnxValue& input) { return input.type == OnnxType::kString; }
// Integers and doubles are more than floats hold; categories' places are not.
bool is_wide(const OnnxValue& input) { return !is_text(input) && input.type != OnnxType::kFloat; }

std::size_t columns_of(const OnnxValue& input) {
  constexpr OnnxType kKnown[] = {OnnxType::kFloat, OnnxType::kDouble, OnnxType::kInt64,
                                 OnnxType::kInt32, OnnxType::kBool,   OnnxType::kString};
  const bool is_known = std::ranges::find(kKnown, input.type) != std::end(kKnown);
  if (!is_known || input.shape.size() != 2 || !input.shape.back()) {
    throw unsupported("input \"", input.name,
                      "\": a matrix of numbers or text with a known number of columns is wanted");
  }
  const std::int64_t columns = *input.shape.back();
  if (columns < 1 || columns > kMostFeatures) {
    throw corrupt_data("input \"", input.name, "\" has ", columns, " columns, 1 to ", kMostFeatures,
                       " are possible");
  }
  return static_cast<std::size_t>(columns);
}

// A graph's inputs as one row.
class Inputs {
 public:
  explicit Inputs(const OnnxGraph& graph) : inputs_(graph.inputs) {
    if (inputs_.empty()) throw unsupported("an ONNX graph of 0 inputs");
    for (const OnnxValue& input : inputs_) {
      first_.push_back(count_);
      count_ += columns_of(input);
      if (count_ > kMostFeatures) {
        throw corrupt_data("the graph's inputs have more than ", kMostFeatures, " columns");
      }
    }
  }

  std::size_t count() const noexcept { return count_; }
  NumberKind number() const {
    return std::ranges::any_of(inputs_, is_wide) ? NumberKind::kDouble : NumberKind::kFloat;
  }

  void add_to(OnnxNetReader& reader, GraphBuilder& builder) const {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const OnnxValue& input = inputs_[i];
      OnnxNetValue value{.type = input.type};
      std::vector<std::uint32_t> columns(end(i) - first_[i]);
      std::iota(columns.begin(), columns.end(), static_cast<std::uint32_t>(first_[i]));
      if (columns.size() < count_) value.slot = builder.select(0, columns);
      if (!is_wide(input)) value.slot = builder.convert(value.slot, NumberKind::kFloat);
      if (is_text(input)) value.texts = columns;
      reader.add_input(input.name, std::move(value));
    }
  }

  std::vector<Feature> features(const OnnxTexts& texts) const {
    std::vector<Feature> features;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      for (std::size_t j = first_[i]; j < end(i); ++j) {
        Feature feature{name(i, j - first_[i]), FeatureKind::kNumber, {}};
        if (is_text(inputs_[i])) {
          feature.kind = FeatureKind::kText;
          feature.categories = texts.names(static_cast<std::uint32_t>(j));
        }
        features.push_back(std::move(feature));
      }
    }
    return features;
  }

 private:
  std::size_t end(std::size_t i) const { return i + 1 < first_.size() ? first_[i + 1] : count_; }
  std::string name(std::size_t i, std::size_t column) const {
    if (inputs_.size() == 1) return text("x", column);
    const bool is_one = end(i) - first_[i] == 1;
    return is_one ? std::string(inputs_[i].name) : text(inputs_[i].name, column);
  }

  const std::vector<OnnxValue>& inputs_;
  std::vector<std::size_t> first_;  // column of each
  std::size_t count_ = 0;
};

// A prediction made by a link from raw scores that are as many.
std::uint32_t raw_slot(const Graph& graph) {
  const GraphStep& last = graph.steps.back();
  const auto sigmoid = static_cast<std::uint32_t>(Activation::kSigmoid);
  const bool is_link = last.kind == StepKind::kSoftmax || last.kind == StepKind::kLink ||
                       (last.kind == StepKind::kActivate && last.option == sigmoid);
  const std::uint32_t before = graph.input(last, 0);
  return is_link && before > 0 ? before : static_cast<std::uint32_t>(graph.steps.size());
}

}  // namespace

Net import_onnx_net(std::span<const std::byte> data) {
  const OnnxGraph graph = read_onnx(data);
  const OnnxPrediction prediction = find_onnx_prediction(graph);
  const Inputs inputs(graph);
  OnnxTexts texts;
  const bool has_text = std::ranges::any_of(graph.inputs, is_text);
  Net net;
  for (int round = has_text ? 0 : 1; round < 2; ++round) {
    texts.begin(inputs.count());
    GraphBuilder builder(inputs.count(), inputs.number());
    OnnxNetReader reader(graph, builder, texts);
    inputs.add_to(reader, builder);
    OnnxNetValue made = reader.run(prediction.name);
    if (made.type == OnnxType::kString || made.is_cut || made.form == OnnxForm::kDeep) {
      throw unsupported("output \"", prediction.name, "\": a matrix of numbers is wanted");
    }
    if (prediction.classes.size() == 2 && builder.width(made.slot) == 2) {
      constexpr std::uint32_t kSecond = 1;
      made.slot = builder.select(made.slot, {&kSecond, 1});
    }
    // The prediction is the last slot.
    if (made.slot != builder.steps() || made.slot == 0) made.slot = builder.concat({&made.slot, 1});
    net.graph = tidy(builder.finish(made.slot));
    net.forest = std::move(reader.forest());
  }
  net.graph.raw_steps = raw_slot(net.graph);
  net.origin = text("ONNX of ", graph.producer);
  net.features = inputs.features(texts);
  return net;
}

std::vector<std::string> onnx_classes(std::span<const std::byte> data) {
  const OnnxGraph graph = read_onnx(data);
  return find_onnx_prediction(graph).classes;
}

}  // namespace kedge

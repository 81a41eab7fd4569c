#include "kedge/model/onnx_net_inputs.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace kedge {
namespace {

bool is_text(const OnnxValue& input) { return input.type == OnnxType::kString; }
// Integers and doubles are more than floats hold; categories' places are not.
bool is_wide(const OnnxValue& input) { return !is_text(input) && input.type != OnnxType::kFloat; }

std::size_t columns_of(const OnnxValue& input) {
  constexpr OnnxType kKnown[] = {OnnxType::kFloat, OnnxType::kDouble, OnnxType::kInt64,
                                 OnnxType::kInt32, OnnxType::kBool,   OnnxType::kString};
  const bool is_known = std::ranges::find(kKnown, input.type) != std::end(kKnown);
  const bool is_sized = input.shape.size() > 1 &&
                        std::ranges::all_of(input.shape.begin() + 1, input.shape.end(),
                                            [](const auto& size) { return size.has_value(); });
  if (!is_known || !is_sized || (is_text(input) && input.shape.size() != 2)) {
    throw unsupported("input \"", input.name,
                      "\": a matrix of numbers or text with a known number of columns is wanted");
  }
  std::int64_t columns = 1;
  for (std::size_t i = 1; i < input.shape.size(); ++i) {
    const std::int64_t size = *input.shape[i];
    columns = size < 1 || size > kMostFeatures ? size : columns * size;
    if (columns < 1 || columns > kMostFeatures) {
      throw corrupt_data("input \"", input.name, "\" has ", columns, " columns, 1 to ",
                         kMostFeatures, " are possible");
    }
  }
  return static_cast<std::size_t>(columns);
}

}  // namespace

OnnxInputs::OnnxInputs(const OnnxGraph& graph) : inputs_(graph.inputs) {
  if (inputs_.empty()) throw unsupported("an ONNX graph of 0 inputs");
  for (const OnnxValue& input : inputs_) {
    first_.push_back(count_);
    count_ += columns_of(input);
    if (count_ > kMostFeatures) {
      throw corrupt_data("the graph's inputs have more than ", kMostFeatures, " columns");
    }
  }
}

bool OnnxInputs::has_text() const { return std::ranges::any_of(inputs_, is_text); }

NumberKind OnnxInputs::number() const {
  return std::ranges::any_of(inputs_, is_wide) ? NumberKind::kDouble : NumberKind::kFloat;
}

void OnnxInputs::add_to(OnnxNetReader& reader, GraphBuilder& builder) const {
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const OnnxValue& input = inputs_[i];
    OnnxNetValue value{.type = input.type};
    std::vector<std::uint32_t> sizes;
    for (const auto& size : std::span(input.shape).subspan(1)) {
      sizes.push_back(static_cast<std::uint32_t>(*size));
    }
    set_sizes(value, std::move(sizes));
    std::vector<std::uint32_t> columns(end(i) - first_[i]);
    std::iota(columns.begin(), columns.end(), static_cast<std::uint32_t>(first_[i]));
    if (columns.size() < count_) value.slot = builder.select(0, columns);
    if (!is_wide(input)) value.slot = builder.convert(value.slot, NumberKind::kFloat);
    if (is_text(input)) value.texts = columns;
    reader.add_input(input.name, std::move(value));
  }
}

std::vector<Feature> OnnxInputs::features(const OnnxTexts& texts) const {
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

std::string OnnxInputs::name(std::size_t i, std::size_t column) const {
  if (inputs_.size() == 1) return text("x", column);
  const bool is_one = end(i) - first_[i] == 1;
  return is_one ? std::string(inputs_[i].name) : text(inputs_[i].name, column);
}

}  // namespace kedge

#include "kedge/serve/model_form.h"

namespace kedge {
namespace {

std::size_t classes_of(const Model& model) noexcept {
  if (model.bundle().graph) return 0;  // it may end in anything
  const RankedForest& forest = model.bundle().forest;
  if (forest.link == Link::kSoftmax) return model.outputs();
  return forest.link == Link::kSigmoid && model.outputs() == 1 ? 2 : 0;
}

std::vector<TensorShape> inputs_of(const Model& model, bool has_names) {
  std::vector<TensorShape> out;
  if (!has_names) {
    out.push_back({"rows", DataType::kFp64, {-1, static_cast<std::int64_t>(model.features())}});
    return out;
  }
  out.reserve(model.features());
  for (const Feature& feature : model.bundle().features) {
    const DataType type = feature.categories.empty() ? DataType::kFp64 : DataType::kBytes;
    out.push_back({feature.name, type, {-1, 1}});
  }
  return out;
}

std::vector<TensorShape> outputs_of(const Model& model, std::size_t classes) {
  const DataType type = model.gives_float32() ? DataType::kFp32 : DataType::kFp64;
  const auto outputs = static_cast<std::int64_t>(model.outputs());
  std::vector<TensorShape> out{{"score", type, {-1, outputs}}, {"raw", type, {-1, outputs}}};
  if (classes != 0) {
    out.push_back({"probabilities", type, {-1, static_cast<std::int64_t>(classes)}});
    out.push_back({"label", DataType::kInt64, {-1, 1}});
  }
  if (!model.bundle().graph) {
    const auto features = static_cast<std::int64_t>(model.features());
    out.push_back({"contributions", DataType::kFp64, {-1, outputs, features}});
    out.push_back({"base", DataType::kFp64, {outputs}});
  }
  return out;
}

}  // namespace

ModelForm::ModelForm(const Model& model)
    : rows(model.bundle().features, model.category_places()),
      classes(classes_of(model)),
      inputs(inputs_of(model, rows.has_names())),
      outputs(outputs_of(model, classes)) {}

}  // namespace kedge

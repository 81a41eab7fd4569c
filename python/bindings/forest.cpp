#include "bindings.h"
#include "forest_parts.h"

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <utility>
#include <vector>

#include "kedge/base/bytes.h"
#include "kedge/base/error.h"
#include "kedge/model/catboost.h"
#include "kedge/model/lightgbm.h"
#include "kedge/model/onnx.h"
#include "kedge/model/trees.h"
#include "kedge/model/xgboost.h"
#include "stored.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace kedge {
namespace {

using Rows = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Scores = nb::ndarray<nb::numpy, double, nb::ndim<2>>;

Scores plain(const Forest& forest, const Rows& rows) {
  if (rows.shape(1) != forest.features.size()) {
    throw invalid_argument("rows of ", rows.shape(1), " values, the model has ",
                           forest.features.size(), " features");
  }
  auto* out = new std::vector<double>(rows.shape(0) * forest.outputs);
  nb::capsule owner(out,
                    [](void* held) noexcept { delete static_cast<std::vector<double>*>(held); });
  plain_scores(forest, {rows.data(), rows.size()}, *out);
  return Scores(out->data(), {rows.shape(0), forest.outputs}, owner);
}

using Covers = std::vector<std::pair<std::vector<double>, std::vector<double>>>;
Covers covers_of(const Forest& forest) {
  Covers covers;
  covers.reserve(forest.trees.size());
  for (const Tree& tree : forest.trees) covers.emplace_back(tree.node_covers, tree.leaf_covers);
  return covers;
}

}  // namespace

void bind_forest(nb::module_& m) {
  nb::enum_<FeatureKind>(m, "FeatureKind", "What a feature's values are.")
      .value("NUMBER", FeatureKind::kNumber, "Numbers that have an order.")
      .value("CATEGORY", FeatureKind::kCategory, "Places in a list of categories.")
      .value("TEXT", FeatureKind::kText,
             "Places in a list of categories, and one behind the last for what is not in it.");
  nb::class_<Feature>(m, "Feature", "One column that a model reads.")
      .def_ro("name", &Feature::name, "What the trainer calls it.")
      .def_ro("kind", &Feature::kind, "Number or category.")
      .def_ro("categories", &Feature::categories,
              "Their names by position, when the trainer knew them.");
  nb::class_<Forest> forest(m, "Forest", "An ensemble of trees as its trainer means it.");
  forest.def_ro("origin", &Forest::origin, "What trained it.")
      .def_ro("features", &Forest::features, "The columns of a row, in order.")
      .def_static(
          "from_lightgbm",
          [](const nb::bytes& text) { return import_lightgbm(as_text(bytes_of(text))); }, "text"_a,
          "Reads LightGBM's model text.")
      .def_static(
          "from_lightgbm_json",
          [](const nb::bytes& json) { return import_lightgbm_json(as_text(bytes_of(json))); },
          "json"_a, "Reads the JSON of LightGBM's dump_model().")
      .def_static(
          "from_xgboost", [](const nb::bytes& data) { return import_xgboost(bytes_of(data)); },
          "data"_a, "Reads XGBoost's JSON or UBJSON.")
      .def_static(
          "from_catboost",
          [](const nb::bytes& data) { return import_catboost(as_text(bytes_of(data))); }, "data"_a,
          "Reads CatBoost's JSON.")
      .def_static(
          "from_onnx", [](const nb::bytes& data) { return import_onnx(bytes_of(data)); }, "data"_a,
          "Reads the tree ensemble of an ONNX file.")
      .def_prop_ro("covers", &covers_of,
                   "Of each tree, how many training rows came by its nodes and by its leaves.")
      .def("plain_scores", &plain, "rows"_a,
           "Raw scores of rows of float64, added up as the trainer does. The slow definition.");
  bind_forest_parts(forest);
}

}  // namespace kedge

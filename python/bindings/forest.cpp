#include "bindings.h"

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>

#include <vector>

#include "kedge/base/bytes.h"
#include "kedge/base/error.h"
#include "kedge/model/catboost.h"
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

Forest from_catboost(const nb::bytes& data) { return import_catboost(as_text(bytes_of(data))); }
Forest from_xgboost(const nb::bytes& data) { return import_xgboost(bytes_of(data)); }

}  // namespace

void bind_forest(nb::module_& m) {
  nb::class_<Forest>(m, "Forest", "An ensemble of trees as its trainer means it.")
      .def_static("from_catboost", &from_catboost, "data"_a, "Read CatBoost's JSON model.")
      .def_static("from_xgboost", &from_xgboost, "data"_a, "Read XGBoost's JSON or UBJSON model.")
      .def_ro("origin", &Forest::origin, "What trained it.")
      .def("plain_scores", &plain, "rows"_a,
           "Raw scores of rows of float64, added up as the trainer does. The slow definition.");
}

}  // namespace kedge

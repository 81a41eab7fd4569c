#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "arrow_input.h"
#include "bindings.h"
#include "kedge/drift/auc.h"
#include "kedge/drift/classifier.h"
#include "kedge/drift/principal.h"

namespace nb = nanobind;
using namespace nanobind::literals;

namespace kedge {
namespace {

// Both looks at whole rows, fed together.
struct Joint {
  ClassifierTest classifier;
  PrincipalTest principal;

  void add_reference(nb::handle data) {
    each_batch(data, [&](const Batch& batch) {
      classifier.add_reference(batch);
      principal.add_reference(batch);
    });
  }
  void add_current(nb::handle data) {
    each_batch(data, [&](const Batch& batch) {
      classifier.add_current(batch);
      principal.add_current(batch);
    });
  }
};

nb::dict dict_of(const ClassifierResult& result, const PrincipalResult& errors) {
  nb::list importance;
  for (const Importance& part : result.importance) {
    importance.append(nb::make_tuple(part.name, part.share));
  }
  nb::dict out;
  out["auc"] = result.auc;
  out["auc_at_least"] = result.at_least;
  out["auc_at_most"] = result.at_most;
  out["pvalue"] = result.pvalue;
  out["verdict"] = result.verdict;
  out["importance"] = nb::tuple(importance);
  out["reconstruction_error_reference"] = errors.reference_error;
  out["reconstruction_error_current"] = errors.current_error;
  out["reconstruction_error_deviation"] = errors.change_deviation;
  out["reconstruction_at_least"] = errors.population.at_least;
  out["reconstruction_at_most"] = errors.population.at_most;
  out["components"] = errors.components;
  out["reference_rows"] = result.reference_rows;
  out["current_rows"] = result.current_rows;
  out["learned_rows"] = result.learned_rows;
  out["judged_rows"] = result.judged_rows;
  return out;
}

nb::dict result_of(const Joint& self, double min_effect, double confidence, double explained) {
  return dict_of(self.classifier.result(min_effect, confidence),
                 self.principal.result(explained, confidence));
}

nb::tuple auc_with(std::vector<double> reference, std::vector<double> current, double alpha) {
  const AucResult result = auc_of(std::move(reference), std::move(current), alpha);
  return nb::make_tuple(result.auc, result.population.at_least, result.population.at_most,
                        result.pvalue);
}

}  // namespace

void bind_joint(nb::module_& m) {
  nb::class_<Joint>(m, "Joint", "Samples of whole rows of two sides, to be told apart.")
      .def(
          "__init__",
          [](Joint* self, const Profile& profile) {
            new (self) Joint{ClassifierTest(profile), PrincipalTest(profile)};
          },
          "profile"_a, "No rows of either side; the profile names the columns.")
      .def("add_reference", &Joint::add_reference, "data"_a.none(), "Take rows of the reference.")
      .def("add_current", &Joint::add_current, "data"_a.none(), "Take rows of the current data.")
      .def("result", result_of, "min_effect"_a, "confidence"_a, "explained"_a,
           nb::sig("def result(self, min_effect: float, confidence: float, explained: float) -> "
                   "dict[str, typing.Any]"),
           "What tells the two sides apart: the fields of JointDrift.");
  m.def("auc", auc_with, "reference"_a, "current"_a, "alpha"_a,
        nb::sig("def auc(reference: Sequence[float], current: Sequence[float], alpha: float) -> "
                "tuple[float, float, float, float]"),
        "The area under the ROC curve of scores, its two bounds and its p-value.");
}

}  // namespace kedge

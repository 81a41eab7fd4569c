#include <nanobind/nanobind.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "arrow_input.h"
#include "bindings.h"
#include "kedge/base/error.h"
#include "kedge/quality/calibration.h"
#include "kedge/quality/counts.h"
#include "kedge/quality/curves.h"
#include "stored.h"

namespace nb = nanobind;
using namespace nanobind::literals;

namespace kedge {
namespace {

constexpr std::string_view kKindNames[] = {"binary",      "classes",  "regression",
                                           "calibration", "estimate", "fairness"};

QualityKind kind_of(const std::string& name) {
  for (std::size_t i = 0; i < std::size(kKindNames); ++i) {
    if (name == kKindNames[i]) return static_cast<QualityKind>(i);
  }
  throw invalid_argument("kind = \"", name, "\" is not known");
}

// Beyond its bound a number of bins is refused as one more than that.
std::uint32_t bins_of(std::int64_t bins) {
  constexpr auto kMost = static_cast<std::int64_t>(kMostReliabilityBins);
  return static_cast<std::uint32_t>(bins < 0 || bins > kMost ? kMost + 1 : bins);
}

void make(QualityCounts* self, const std::string& kind, std::string prediction, std::string target,
          double threshold, std::int64_t bins, std::vector<std::string> classes,
          std::vector<double> quantiles, std::string by, std::vector<std::string> values,
          double minimum, double alpha, std::string reference,
          std::vector<std::string> probabilities, std::string weight) {
  QualitySpec spec;
  spec.kind = kind_of(kind);
  spec.target = std::move(target);
  spec.prediction = std::move(prediction);
  spec.threshold = threshold;
  spec.bins = bins_of(bins);
  spec.classes = std::move(classes);
  spec.quantiles = std::move(quantiles);
  spec.part_column = std::move(by);
  spec.part_values = std::move(values);
  spec.minimum = minimum;
  spec.alpha = alpha;
  spec.reference = std::move(reference);
  spec.probabilities = std::move(probabilities);
  spec.weight = std::move(weight);
  new (self) QualityCounts(std::move(spec));
}

// All batches or none.
template <class Counter>
void update(Counter& self, nb::handle data) {
  const Batches table = batches_from(data);
  if (table.batches.size() == 1) return self.update(table.batches.front());
  Counter whole = self;
  for (const Batch& batch : table.batches) whole.update(batch);
  self = std::move(whole);
}

// The last index is that of all rows together.
Tally tally_at(const QualityCounts& self, std::size_t part) {
  if (part == self.part_count()) return self.total();
  if (part < self.part_count()) return self.part(part);
  throw invalid_argument("part ", part, " of ", self.part_count());
}

std::vector<std::uint64_t> counts_of(const QualityCounts& self, std::size_t part) {
  std::vector<std::uint64_t> counts = tally_at(self, part).counts;
  const QualityKind kind = self.spec().kind;
  if (kind == QualityKind::kBinary) counts.resize(kNegativeCells);
  if (kind == QualityKind::kEstimate) counts.resize(kScoredCells);
  return counts;
}

std::vector<std::pair<double, double>> sums_of(const QualityCounts& self, std::size_t part) {
  std::vector<std::pair<double, double>> sums;
  for (const ExactTotal& sum : tally_at(self, part).sums) {
    const Twofold both = sum.twofold();
    sums.emplace_back(both.high, both.low);
  }
  return sums;
}

nb::tuple bounds_of(const BoundedArea& area) {
  return nb::make_tuple(area.value, area.at_least, area.at_most);
}

nb::tuple bounded_areas(const QualityCounts& self, std::size_t part) {
  if (self.spec().kind != QualityKind::kBinary) throw invalid_argument("only scores have curves");
  const Areas areas = areas_of(tally_at(self, part));
  return nb::make_tuple(bounds_of(areas.roc), bounds_of(areas.precision));
}

double expected_auc(const QualityCounts& self, std::size_t part) {
  if (self.spec().kind != QualityKind::kEstimate) throw invalid_argument("not an estimate");
  return expected_roc_area(tally_at(self, part));
}

std::vector<std::string> part_names(const QualityCounts& self) {
  std::vector<std::string> names;
  names.reserve(self.part_count());
  for (std::size_t i = 0; i < self.part_count(); ++i) names.push_back(self.part_name(i));
  return names;
}

nb::dict definition_of(const QualityCounts& self) {
  const QualitySpec& spec = self.spec();
  const std::string_view kind = kKindNames[static_cast<std::size_t>(spec.kind)];
  nb::dict out;
  out["kind"] = nb::str(kind.data(), kind.size());
  out["prediction"] = spec.prediction;
  out["target"] = spec.target;
  out["threshold"] = spec.threshold;
  out["bins"] = spec.bins;
  out["classes"] = nb::cast(spec.classes);
  out["quantiles"] = nb::cast(spec.quantiles);
  out["by"] = spec.part_column;
  out["values"] = nb::cast(spec.part_values);
  out["minimum"] = spec.minimum;
  out["alpha"] = spec.alpha;
  out["reference"] = spec.reference;
  out["probabilities"] = nb::cast(spec.probabilities);
  out["weight"] = spec.weight;
  return out;
}

}  // namespace

void bind_quality(nb::module_& m) {
  nb::class_<QualityCounts> bound(m, "QualityCounts",
                                  "What predictions and what became true come to, by part.");
  bound
      .def("__init__", make, "kind"_a, "prediction"_a, "target"_a, "threshold"_a = 0.5,
           "bins"_a = 0, "classes"_a = nb::list(), "quantiles"_a = nb::list(), "by"_a = "",
           "values"_a = nb::list(), "minimum"_a = 1.0, "alpha"_a = 0.05, "reference"_a = "",
           "probabilities"_a = nb::list(), "weight"_a = "", "Nothing counted yet.")
      .def("like", &QualityCounts::like, "The same definition, nothing counted.")
      .def("update", update<QualityCounts>, "data"_a.none(),
           "Count every row, or none when one is wrong.")
      .def("merge", &QualityCounts::merge, "other"_a, "Add what another has counted.")
      .def("subtract", &QualityCounts::subtract, "other"_a, "Take away what another has counted.")
      .def("counts", counts_of, "part"_a, "The counts of a part, or of all rows after the last.")
      .def("sums", sums_of, "part"_a, "Each exact sum, as a double and what it leaves.")
      .def("expected_auc", expected_auc, "part"_a, "The area that scores lead one to expect.")
      .def("areas", bounded_areas, "part"_a,
           nb::sig("def areas(self, part: int) -> tuple[tuple[float, float, float], "
                   "tuple[float, float, float]]"),
           "The areas under the ROC and the precision-recall curve: value, at least, at most.")
      .def_prop_ro("definition", definition_of,
                   nb::sig("def definition(self) -> dict[str, typing.Any]"),
                   "The arguments that it was made with, names sorted.")
      .def_prop_ro("parts", part_names, "The name of each part.");
  bind_stored(bound);
  nb::class_<Calibration> calibration(m, "CalibrationCounts",
                                      "Reliability, and evidence against calibrated scores.");
  calibration
      .def(
          "__init__",
          [](Calibration* self, const QualityCounts& definition) {
            new (self) Calibration(definition.spec());
          },
          "definition"_a, "Nothing counted yet, whatever `definition` has counted.")
      .def("like", &Calibration::like, "The same definition, nothing counted.")
      .def("update", update<Calibration>, "data"_a.none(),
           "Count every row in its order, or none when one is wrong.")
      .def("merge", &Calibration::merge, "other"_a, "Add what an independent one has counted.")
      .def_prop_ro("counts", &Calibration::counts, nb::rv_policy::copy, "The counts alone.")
      .def_prop_ro("log_evidence", &Calibration::log_evidence, "Against calibrated scores, now.")
      .def_prop_ro("most_log_evidence", &Calibration::most_log_evidence,
                   "The most there ever was.");
  bind_stored(calibration);
}

}  // namespace kedge

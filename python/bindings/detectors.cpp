#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <vector>

#include "arrow_input.h"
#include "bindings.h"
#include "kedge/arrow/numeric.h"
#include "kedge/base/error.h"
#include "kedge/drift/classic/adwin.h"
#include "kedge/drift/classic/cusum.h"
#include "kedge/drift/classic/ddm.h"
#include "kedge/drift/classic/eddm.h"
#include "kedge/drift/classic/hddm_a.h"
#include "kedge/drift/classic/hddm_w.h"
#include "kedge/drift/classic/kswin.h"
#include "kedge/drift/classic/page_hinkley.h"
#include "stored.h"

namespace nb = nanobind;
using namespace nanobind::literals;

namespace kedge {
namespace {

std::vector<double> doubles_of(nb::handle object) {
  const Batches table = batches_from(object);
  if (table.schema->size() != 1) {
    throw invalid_argument("one column of values is wanted, there are ", table.schema->size());
  }
  if (!is_numeric(table.schema->front().type)) {
    throw unsupported("the values are ", type_name(table.schema->front().type),
                      ", numbers are wanted");
  }
  std::vector<double> values;
  for (const Batch& batch : table.batches) {
    const Column& column = batch.columns.front();
    const std::size_t before = values.size();
    for (std::size_t row = 0; row < column.length; ++row) {
      if (column.is_null(row)) throw invalid_argument("values[", before + row, "] is null");
    }
    values.resize(before + column.length);
    read_doubles(column, 0, column.length, values.data() + before);
  }
  return values;
}

template <class Core>
using Bound = nb::class_<StreamDetector<Core>>;

template <class Core>
Bound<Core> bind_detector(nb::module_& m, const char* name, const char* doc) {
  using Detector = StreamDetector<Core>;
  Bound<Core> bound(m, name, doc);
  bound
      .def(
          "add", [](Detector& self, double value) { return self.add(value) == Signal::kDrift; },
          "value"_a, "Take one value; whether it is a drift.")
      .def(
          "update",
          [](Detector& self, nb::handle values) { return self.update(doubles_of(values)); },
          "values"_a, "Take an array, value by value, all or nothing: places in it that signalled.")
      .def_prop_ro(
          "drift", [](const Detector& self) { return self.signal() == Signal::kDrift; },
          "Whether the newest value was a drift.")
      .def_prop_ro(
          "warning", [](const Detector& self) { return self.signal() == Signal::kWarning; },
          "Whether the newest value was a warning.")
      .def_prop_ro("count", &Detector::count, "How many values there were, ever.");
  bind_stored(bound);
  return bound;
}

std::uint32_t whole(const char* name, std::int64_t value) {
  check_option<std::int64_t>(name, value, 0, UINT32_MAX);
  return static_cast<std::uint32_t>(value);
}

PageHinkleyMode mode_of(const std::string& mode) {
  if (mode == "up") return PageHinkleyMode::kUp;
  if (mode == "down") return PageHinkleyMode::kDown;
  if (mode == "both") return PageHinkleyMode::kBoth;
  throw invalid_argument("mode = \"", mode, "\" is none of \"up\", \"down\" and \"both\"");
}

void bind_error_detectors(nb::module_& m) {
  bind_detector<Ddm>(m, "DDM",
                     R"(Has the error rate left its best? Values are 0, right, and 1, an error.

With p the rate of errors so far and s = sqrt(p (1 - p) / n), of the moment at which p + s was
least: p + s above that p + `drift_threshold` s is a drift, above p + `warning_threshold` s a
warning.

Gama, Medas, Castillo and Rodrigues, "Learning with drift detection", SBIA 2004.)")
      .def(
          "__init__",
          [](StreamDetector<Ddm>* self, std::int64_t warm_start, double warning, double drift) {
            new (self) StreamDetector<Ddm>(Ddm({whole("warm_start", warm_start), warning, drift}));
          },
          nb::kw_only(), "warm_start"_a = 30, "warning_threshold"_a = 2.0,
          "drift_threshold"_a = 3.0, "No answer within the first `warm_start` values.");
  bind_detector<Eddm>(m, "EDDM",
                      R"(Do errors come closer together? Values are 0, right, or 1, an error.

Of the distances between errors, mean + 2 deviations is held against the most it ever was: a share
below `beta` is a drift, below `alpha` a warning.

Baena-Garcia and others, "Early drift detection method", IWKDDS 2006.)")
      .def(
          "__init__",
          [](StreamDetector<Eddm>* self, std::int64_t warm_start, double alpha, double beta) {
            new (self) StreamDetector<Eddm>(Eddm({whole("warm_start", warm_start), alpha, beta}));
          },
          nb::kw_only(), "warm_start"_a = 30, "alpha"_a = 0.95, "beta"_a = 0.9,
          "No answer within the first `warm_start` errors.");
}

void bind_hoeffding_detectors(nb::module_& m) {
  bind_detector<HddmA>(
      m, "HDDMA",
      R"(Has the mean of all values left that of the lowest beginning? Values from 0 to 1.

By Hoeffding's bound at error `drift_confidence` a drift, at `warning_confidence` a warning; with
`two_sided` also downwards.

Frias-Blanco and others, "Online and non-parametric drift detection methods based on Hoeffding's
bounds", IEEE Transactions on Knowledge and Data Engineering 27, 2015.)")
      .def(
          "__init__",
          [](StreamDetector<HddmA>* self, double drift, double warning, bool two_sided) {
            new (self) StreamDetector<HddmA>(HddmA({drift, warning, two_sided}));
          },
          nb::kw_only(), "drift_confidence"_a = 0.001, "warning_confidence"_a = 0.005,
          "two_sided"_a = false, "Both are chances of a false answer.");
  bind_detector<HddmW>(m, "HDDMW",
                       R"(Has a weighted mean left that before the best cut? Values from 0 to 1.

The mean weighs each value `weight` and all before it the rest. By McDiarmid's bound at error
`drift_confidence` a drift, at `warning_confidence` a warning; with `two_sided` also downwards.

Frias-Blanco and others, 2015, as HDDMA.)")
      .def(
          "__init__",
          [](StreamDetector<HddmW>* self, double drift, double warning, double weight,
             bool two_sided) {
            new (self) StreamDetector<HddmW>(HddmW({drift, warning, weight, two_sided}));
          },
          nb::kw_only(), "drift_confidence"_a = 0.001, "warning_confidence"_a = 0.005,
          "weight"_a = 0.05, "two_sided"_a = false, "Both are chances of a false answer.");
}

void bind_mean_detectors(nb::module_& m) {
  bind_detector<Adwin>(m, "ADWIN", R"(Has the mean of a window changed at any cut of it?

The window grows until a cut is found and is kept as some `max_buckets` log(n) sums. Every `clock`
values each cut with `min_window` values on both sides is tried, at error `delta`.

Bifet and Gavalda, "Learning from time-changing data with adaptive windowing", SDM 2007.)")
      .def(
          "__init__",
          [](StreamDetector<Adwin>* self, double delta, std::int64_t clock,
             std::int64_t max_buckets, std::int64_t min_window, std::int64_t grace) {
            new (self) StreamDetector<Adwin>(
                Adwin({delta, whole("clock", clock), whole("max_buckets", max_buckets),
                       whole("min_window", min_window), whole("grace", grace)}));
          },
          nb::kw_only(), "delta"_a = 0.002, "clock"_a = 32, "max_buckets"_a = 5, "min_window"_a = 5,
          "grace"_a = 10, "No look at windows of up to `grace` values.")
      .def_prop_ro(
          "width", [](const StreamDetector<Adwin>& self) { return self.core().width(); },
          "How many values the window has.")
      .def_prop_ro(
          "mean", [](const StreamDetector<Adwin>& self) { return self.core().mean(); },
          "Of the window.");
  bind_detector<PageHinkley>(
      m, "PageHinkley", R"(How far has the sum of deviations from the mean come from its extreme?

More than `threshold`, in units of the values, is a drift. `delta` is what a deviation may be for
nothing, 1 - `alpha` what is forgotten at each value, `mode` is "up", "down" or "both".

Page, "Continuous inspection schemes", Biometrika 41, 1954.)")
      .def(
          "__init__",
          [](StreamDetector<PageHinkley>* self, std::int64_t min_values, double delta,
             double threshold, double alpha, const std::string& mode) {
            new (self) StreamDetector<PageHinkley>(PageHinkley(
                {whole("min_values", min_values), delta, threshold, alpha, mode_of(mode)}));
          },
          nb::kw_only(), "min_values"_a = 30, "delta"_a = 0.005, "threshold"_a = 50.0,
          "alpha"_a = 0.9999, "mode"_a = "both", "No drift before there are `min_values`.");
  bind_detector<Cusum>(m, "CUSUM",
                       R"(Do deviations from the first values' mean add up, upwards or downwards?

Deviations are in the first `warm_start` values' standard deviations, less `slack`; a sum above
`threshold` is a drift.

Page, "Continuous inspection schemes", Biometrika 41, 1954.)")
      .def(
          "__init__",
          [](StreamDetector<Cusum>* self, double slack, double threshold, std::int64_t warm_start) {
            new (self)
                StreamDetector<Cusum>(Cusum({slack, threshold, whole("warm_start", warm_start)}));
          },
          nb::kw_only(), "slack"_a = 0.5, "threshold"_a = 8.0, "warm_start"_a = 100,
          "Nothing is known yet.");
}

void bind_kswin(nb::module_& m) {
  bind_detector<Kswin>(
      m, "KSWIN",
      R"(Are the newest `stat_size` values distributed as the others in a sliding window?

By the two-sample test of Kolmogorov and Smirnov: a p-value up to `alpha` and a distance above
`min_distance` are a drift. All others are compared, not a random draw of them: the same answer
every time.

Raab, Heusinger and Schleif, "Reactive soft prototype computing for concept drift streams",
Neurocomputing 416, 2020.)")
      .def(
          "__init__",
          [](StreamDetector<Kswin>* self, double alpha, std::int64_t window_size,
             std::int64_t stat_size, double min_distance) {
            new (self) StreamDetector<Kswin>(Kswin({alpha, whole("window_size", window_size),
                                                    whole("stat_size", stat_size), min_distance}));
          },
          nb::kw_only(), "alpha"_a = 0.005, "window_size"_a = 100, "stat_size"_a = 30,
          "min_distance"_a = 0.1, "No answer until the window is full.");
}

}  // namespace

void bind_detectors(nb::module_& m) {
  nb::class_<Signals>(m, "Signals", "Places of values within the array that a detector was told.")
      .def_ro("drifts", &Signals::drifts, "Those at which it found a drift, and began anew.")
      .def_ro("warnings", &Signals::warnings, "Those at which it warned of one.");
  bind_error_detectors(m);
  bind_hoeffding_detectors(m);
  bind_mean_detectors(m);
  bind_kswin(m);
}

}  // namespace kedge

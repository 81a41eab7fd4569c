#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/variant.h>

#include "arrow_input.h"
#include "bindings.h"
#include "kedge/quality/late_counts.h"
#include "stored.h"

namespace nb = nanobind;
using namespace nanobind::literals;

namespace kedge {
namespace {

template <class Counter>
void make(LateCounts* self, const Counter& counter, std::string id, std::uint64_t most_waiting,
          std::string time, std::int64_t horizon) {
  new (self) LateCounts(counter, {std::move(id), most_waiting, std::move(time), horizon});
}

}  // namespace

void bind_late(nb::module_& m) {
  nb::class_<LateCounts> late(m, "LateCounts", "Predictions that wait for what became true.");
  late.def("__init__", make<QualityCounts>, "counter"_a, "id"_a, "most_waiting"_a, "time"_a,
           "horizon"_a, "Nothing waits yet; what `counter` has counted stays.")
      .def("__init__", make<Calibration>, "counter"_a, "id"_a, "most_waiting"_a, "time"_a,
           "horizon"_a, "The same for a calibration.")
      .def(
          "predict",
          [](LateCounts& self, nb::handle data) {
            for (const Batch& batch : batches_from(data).batches) self.predict(batch);
          },
          "data"_a.none(), "Take predictions; each batch all or none.")
      .def(
          "observe",
          [](LateCounts& self, nb::handle data) {
            for (const Batch& batch : batches_from(data).batches) self.observe(batch);
          },
          "data"_a.none(), "Count the rows whose prediction waits; each batch all or none.")
      .def_prop_ro("counter", &LateCounts::counter, nb::rv_policy::copy, "What has counted so far.")
      .def_prop_ro("waiting", &LateCounts::waiting, "Predictions without a label yet.")
      .def_prop_ro("joined", &LateCounts::joined, "Labels that found their prediction.")
      .def_prop_ro("never_came", &LateCounts::never_came, "Predictions that left without a label.")
      .def_prop_ro("replaced", &LateCounts::replaced,
                   "Predictions whose id came again while they waited.")
      .def_prop_ro("unmatched", &LateCounts::unmatched, "Labels whose prediction does not wait.")
      .def_prop_ro("incomplete", &LateCounts::incomplete, "Rows without an id, a time or a label.");
  bind_stored(late);
}

}  // namespace kedge

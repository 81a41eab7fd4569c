#include <nanobind/nanobind.h>
#include <nanobind/operators.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <tuple>

#include "arrow_input.h"
#include "bindings.h"
#include "kedge/base/error.h"
#include "kedge/drift/monitor.h"
#include "kedge/drift/monitor_plan.h"
#include "kedge/drift/value_feed.h"
#include "stored.h"

namespace nb = nanobind;
using namespace nanobind::literals;

namespace kedge {
namespace {

std::uint32_t clamped(std::int64_t value) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(value, 0, UINT32_MAX));
}

std::vector<Alarm> update(Monitor& monitor, nb::handle data, double elapsed) {
  if (nb::isinstance<Profile>(data)) {
    return monitor.update(nb::cast<const Profile&>(data), elapsed);
  }
  return monitor.update(batches_from(data).batches, elapsed);
}

using State = std::tuple<std::string, std::string, std::string, double>;

std::vector<State> state_of(const Monitor& monitor) {
  std::vector<State> state;
  for (const WatchedColumn& watched : monitor.watched()) {
    const Alarm name = monitor.named(watched);
    state.emplace_back(name.column, name.by, name.slice, watched.monitor.log_evidence());
  }
  return state;
}

void bind_alarm(nb::module_& m) {
  nb::class_<Alarm>(m, "RawAlarm", "What the core says of a column that changed.")
      .def_ro("column", &Alarm::column, "Its name.")
      .def_ro("by", &Alarm::by, "The slicing column, or empty.")
      .def_ro("slice", &Alarm::slice, "Its value.")
      .def_ro("what", &Alarm::what, "What changed.")
      .def_ro("log_evidence", &Alarm::log_evidence, "The log of the evidence.")
      .def_ro("update", &Alarm::update, "The look that gave the alarm.")
      .def_ro("since", &Alarm::since, "The first look after the change.")
      .def_ro("episode", &Alarm::episode, "The look of the first alarm in a row.")
      .def_ro("rows", &Alarm::rows, "Rows since then.")
      .def_ro("distance", &Alarm::distance, "How far.")
      .def_ro("at_least", &Alarm::at_least, "At least.")
      .def_ro("at_most", &Alarm::at_most, "At most.")
      .def_ro("low", &Alarm::low, "The values that changed, from ..")
      .def_ro("high", &Alarm::high, ".. to.")
      .def_ro("name", &Alarm::name, "The category.")
      .def_ro("reference_share", &Alarm::reference_share, "Their share in the reference.")
      .def_ro("current_share", &Alarm::current_share, "Their share since the change.");
}

void bind_feed(nb::module_& m) {
  nb::class_<ValueFeed>(m, "ValueFeed", "Values one at a time for a monitor of one column.")
      .def(
          "__init__",
          [](ValueFeed* self, Monitor& monitor, std::int64_t every) {
            new (self) ValueFeed(monitor, clamped(every));
          },
          "monitor"_a, "every"_a, nb::keep_alive<1, 2>(), "Nothing collected.")
      .def("add", &ValueFeed::add, "value"_a, "Whether this value completed a look with an alarm.")
      .def("take_alarms", &ValueFeed::take_alarms, "The alarms since they were last taken.");
}

}  // namespace

void bind_monitor(nb::module_& m) {
  bind_alarm(m);
  auto monitor =
      nb::class_<Monitor>(m, "StreamMonitor", "The core of a monitor.")
          .def(
              "__init__",
              [](Monitor* self, const Profile& reference, double min_effect, double false_alarms,
                 double fdr, double confidence, std::int64_t group, bool clocked, std::string clock,
                 double window, bool in_time, bool tumbling) {
                new (self) Monitor(reference, {min_effect,
                                               false_alarms,
                                               fdr,
                                               confidence,
                                               clamped(group),
                                               clocked,
                                               std::move(clock),
                                               {window, in_time, tumbling}});
              },
              "reference"_a, "min_effect"_a, "false_alarms"_a, "fdr"_a, "confidence"_a, "group"_a,
              "clocked"_a, "clock"_a, "window"_a, "in_time"_a, "tumbling"_a, "Nothing seen.")
          .def("update", update, "data"_a.none(), "elapsed"_a, "Count the rows and look.")
          .def(
              "plan",
              [](const Monitor& self, double shift) {
                const Batch batch = to_batch(plan_of(self, shift));
                return Batches{batch.schema, {batch}};
              },
              "shift"_a, "For each column, the rows that it takes to find such a shift.")
          .def_prop_ro("reference", &Monitor::reference, nb::rv_policy::copy,
                       "What is held against.")
          .def_prop_ro("counted", &Monitor::counted, nb::rv_policy::copy, "All rows so far.")
          .def_prop_ro("newest_rows", &Monitor::newest_rows, nb::rv_policy::copy,
                       nb::sig("def newest_rows(self, /) -> Profile | None"),
                       "The counts of the window.")
          .def_prop_ro(
              "clock", [](const Monitor& self) { return self.options().clock; },
              "The column of event times, or empty.")
          .def_prop_ro(
              "clocked", [](const Monitor& self) { return self.options().clocked; },
              "Whether false_alarms is per second.")
          .def_prop_ro(
              "min_effect", [](const Monitor& self) { return self.options().min_effect; },
              "Changes up to this do not matter.")
          .def_prop_ro(
              "confidence", [](const Monitor& self) { return self.options().confidence; },
              "That what is known of the reference is right.")
          .def_prop_ro("looks", &Monitor::looks, "How many looks there were.")
          .def_prop_ro("time", &Monitor::time, "The time that passed.")
          .def_prop_ro("state", state_of,
                       "Column, slicing column, slice and log evidence of each.");
  bind_stored(monitor);
  bind_feed(m);
}

}  // namespace kedge

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <iterator>

#include "arrow_input.h"
#include "bindings.h"
#include "kedge/base/error.h"
#include "stored.h"
#include "window_definition.h"
#include "window_stream.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace kedge {
namespace {

Batches nothing() { return {std::make_shared<const Schema>(), {}}; }

Batches closed_of(Window& window) {
  Batch closed = window.closed();
  Batches out{closed.schema, {}};
  if (closed.length != 0) out.batches.push_back(std::move(closed));
  return out;
}

Batches push(WindowStream& self, nb::handle batch, std::uint32_t partition) {
  const Batches table = batches_from(batch);
  return self.with_window_of(table.schema, [&](Window& window) {
    window.push(table.batches, partition);
    return closed_of(window);
  });
}

Batches push_many(WindowStream& self,
                  const std::vector<std::pair<std::uint32_t, nb::object>>& parts) {
  Batches closed = nothing();
  for (const auto& [partition, batch] : parts) {
    Batches more = push(self, batch, partition);
    closed.schema = more.schema;
    std::ranges::move(more.batches, std::back_inserter(closed.batches));
  }
  return closed;
}

Batches advance_to(WindowStream& self, std::int64_t time) {
  return self.with_window([&](Window* window) {
    if (window == nullptr) throw invalid_argument("advance_to: before the first batch");
    window->advance_to(time);
    return closed_of(*window);
  });
}

Batches finish(WindowStream& self) {
  return self.with_window([](Window* window) {
    if (window == nullptr) return nothing();
    window->finish();
    return closed_of(*window);
  });
}

Batches late(WindowStream& self) {
  return self.with_window(
      [](Window* window) { return window == nullptr ? nothing() : window->late(); });
}

nb::dict stats(WindowStream& self) {
  const WindowStats stats = self.with_window(
      [](const Window* window) { return window == nullptr ? WindowStats{} : window->stats(); });
  nb::dict out;
  out["rows"] = stats.rows;
  out["late"] = stats.late;
  out["outside"] = stats.outside;
  out["keys"] = stats.keys;
  out["open"] = stats.open;
  out["state_bytes"] = stats.state_bytes;
  return out;
}

nb::bytes snapshot(WindowStream& self, const nb::bytes& note) {
  return python_bytes(self.with_window([&](const Window* window) {
    if (window == nullptr) throw invalid_argument("snapshot: before the first batch");
    return window->snapshot(bytes_of(note));
  }));
}

std::unique_ptr<PythonCodes> codes_of(const nb::object& codes) {
  if (codes.is_none()) return nullptr;
  return std::make_unique<PythonCodes>(codes);
}

std::pair<std::unique_ptr<WindowStream>, nb::bytes> restore(const nb::bytes& data,
                                                            const WindowStream* expected,
                                                            const nb::object& code) {
  auto codes = codes_of(code);
  auto restored =
      Window::restore(bytes_of(data), expected ? &expected->spec() : nullptr, codes.get());
  return {std::make_unique<WindowStream>(std::move(restored.window), std::move(codes)),
          python_bytes(restored.note)};
}

std::optional<std::int64_t> watermark(WindowStream& self) {
  return self.with_window(
      [](const Window* window) { return window == nullptr ? std::nullopt : window->watermark(); });
}

// As numpy names the unit of the time column; None before the first batch or without such a column.
std::optional<std::string> time_unit(WindowStream& self) {
  return self.with_window([&](const Window* window) -> std::optional<std::string> {
    if (window == nullptr || self.spec().time.empty()) return std::nullopt;
    const Schema& schema = window->schema();
    switch (ticks_per_day(schema[find_column(schema, self.spec().time)].type)) {
      case 1:
        return "D";
      case 86'400:
        return "s";
      case 86'400'000:
        return "ms";
      case 86'400'000'000:
        return "us";
      default:
        return "ns";
    }
  });
}

int traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  if (nb::inst_ready(self)) Py_VISIT(nb::inst_ptr<WindowStream>(self)->held());
  return 0;
}

int clear(PyObject* self) {
  nb::inst_ptr<WindowStream>(self)->let_go();
  return 0;
}

PyType_Slot collected[] = {
    {Py_tp_traverse, reinterpret_cast<void*>(&traverse)},
    {Py_tp_clear, reinterpret_cast<void*>(&clear)},
    {0, nullptr},
};

}  // namespace

void bind_window(nb::module_& m) {
  m.def(
      "normal_duration", [](const std::string& text) { return to_string(parse_duration(text)); },
      "text"_a, "The shortest spelling of a duration.");
  nb::class_<WindowStream>(m, "WindowStream", "Batches in, closed windows out; see kedge.Window.",
                           nb::type_slots(collected))
      .def(
          "__init__",
          [](WindowStream* self, const nb::dict& definition, const nb::object& codes) {
            new (self) WindowStream(window_spec_of(definition), codes_of(codes));
          },
          "definition"_a, "codes"_a.none() = nb::none(),
          nb::sig("def __init__(self, definition: dict[str, Any], codes: object | None = None)"
                  " -> None"),
          "From the arguments of a definition, and the code of users' aggregates.")
      .def("push", &push, "batch"_a, "partition"_a = 0, "The windows that these rows close.")
      .def("push_many", &push_many, "parts"_a, "The same for several partitions and their batches.")
      .def("advance_to", &advance_to, "time"_a, "The windows that end by then.")
      .def("finish", &finish, "All windows that are open.")
      .def("late", &late, "The rows that came too late since the last call.")
      .def("snapshot", &snapshot, "note"_a, "All that a later push depends on, and the note.")
      .def_static("restore", &restore, "data"_a, "expected"_a.none(), "codes"_a.none() = nb::none(),
                  "The stream of a snapshot, and its note.")
      .def("stats", &stats, nb::sig("def stats(self) -> dict[str, int]"), "Counters.")
      .def_prop_ro(
          "definition", [](const WindowStream& self) { return definition_of(self.spec()); },
          nb::sig("def definition(self) -> dict[str, Any]"), "As the constructor takes it.")
      .def_prop_ro(
          "hash", [](const WindowStream& self) { return self.spec().hash(); },
          "Equal for equal definitions.")
      .def_prop_ro("time_unit", &time_unit, "Of the time column, as numpy names it.")
      .def_prop_ro("watermark", &watermark, "In the time column's unit; None before there is one.");
}

}  // namespace kedge

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
#include "kedge/window/window.h"
#include "stored.h"
#include "window_definition.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace kedge {
namespace {

// A definition, and the window once the first batch has told the schema.
class WindowStream {
 public:
  explicit WindowStream(WindowSpec spec) : spec_(std::move(spec)) {}
  explicit WindowStream(std::unique_ptr<Window> window)
      : spec_(window->spec()), window_(std::move(window)) {}

  const WindowSpec& spec() const noexcept { return spec_; }
  Window* window() noexcept { return window_.get(); }
  Window& bound_to(const std::shared_ptr<const Schema>& schema) {
    if (!window_) window_ = std::make_unique<Window>(spec_, schema);
    return *window_;
  }

 private:
  WindowSpec spec_;
  std::unique_ptr<Window> window_;
};

Batches nothing() { return {std::make_shared<const Schema>(), {}}; }

Batches closed_of(Window& window) {
  Batch closed = window.closed();
  Batches out{closed.schema, {}};
  if (closed.length != 0) out.batches.push_back(std::move(closed));
  return out;
}

Batches push(WindowStream& self, nb::handle batch, std::uint32_t partition) {
  const Batches table = batches_from(batch);
  Window& window = self.bound_to(table.schema);
  window.push(table.batches, partition);
  return closed_of(window);
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
  if (self.window() == nullptr) throw invalid_argument("advance_to: before the first batch");
  self.window()->advance_to(time);
  return closed_of(*self.window());
}

Batches finish(WindowStream& self) {
  if (self.window() == nullptr) return nothing();
  self.window()->finish();
  return closed_of(*self.window());
}

Batches late(WindowStream& self) {
  return self.window() == nullptr ? nothing() : self.window()->late();
}

nb::dict stats(WindowStream& self) {
  const WindowStats stats = self.window() == nullptr ? WindowStats{} : self.window()->stats();
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
  if (self.window() == nullptr) throw invalid_argument("snapshot: before the first batch");
  return python_bytes(self.window()->snapshot(bytes_of(note)));
}

std::pair<std::unique_ptr<WindowStream>, nb::bytes> restore(const nb::bytes& data,
                                                            const WindowStream* expected) {
  auto restored = Window::restore(bytes_of(data), expected ? &expected->spec() : nullptr);
  return {std::make_unique<WindowStream>(std::move(restored.window)), python_bytes(restored.note)};
}

std::optional<std::int64_t> watermark(WindowStream& self) {
  return self.window() == nullptr ? std::nullopt : self.window()->watermark();
}

// As numpy names the unit of the time column; None before the first batch or without such a column.
std::optional<std::string> time_unit(WindowStream& self) {
  if (self.window() == nullptr || self.spec().time.empty()) return std::nullopt;
  const Schema& schema = self.window()->schema();
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
}

}  // namespace

void bind_window(nb::module_& m) {
  m.def(
      "normal_duration", [](const std::string& text) { return to_string(parse_duration(text)); },
      "text"_a, "The shortest spelling of a duration.");
  nb::class_<WindowStream>(m, "WindowStream", "Batches in, closed windows out; see kedge.Window.")
      .def(
          "__init__",
          [](WindowStream* self, const nb::dict& definition) {
            new (self) WindowStream(window_spec_of(definition));
          },
          "definition"_a, nb::sig("def __init__(self, definition: dict[str, Any]) -> None"),
          "From the arguments of a definition.")
      .def("push", &push, "batch"_a, "partition"_a = 0, "The windows that these rows close.")
      .def("push_many", &push_many, "parts"_a, "The same for several partitions and their batches.")
      .def("advance_to", &advance_to, "time"_a, "The windows that end by then.")
      .def("finish", &finish, "All windows that are open.")
      .def("late", &late, "The rows that came too late since the last call.")
      .def("snapshot", &snapshot, "note"_a, "All that a later push depends on, and the note.")
      .def_static("restore", &restore, "data"_a, "expected"_a.none(),
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

#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <vector>

#include "bindings.h"
#include "kedge/base/bytes.h"
#include "kedge/model/onnx_net.h"
#include "stored.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace kedge {
namespace {

std::vector<std::string_view> steps_of(const Net& net) {
  std::vector<std::string_view> names;
  names.reserve(net.graph.steps.size());
  for (const GraphStep& step : net.graph.steps) names.push_back(step_name(step.kind));
  return names;
}

}  // namespace

void bind_graph(nb::module_& m) {
  nb::class_<Net>(m, "Net", "A model that is not trees alone: steps from a row to its scores.")
      .def_static(
          "from_onnx", [](const nb::bytes& data) { return import_onnx_net(bytes_of(data)); },
          "data"_a, "Reads an ONNX graph of operators that have a step here.")
      .def_static(
          "reads_onnx", [](const nb::bytes& data) { return !has_onnx_trees(bytes_of(data)); },
          "data"_a, "Whether the file is without trees, which a Forest reads.")
      .def_ro("origin", &Net::origin, "What made it.")
      .def_ro("features", &Net::features, "The columns of a row, in order.")
      .def_prop_ro("steps", &steps_of, "What is done to a row, step by step.");
}

}  // namespace kedge

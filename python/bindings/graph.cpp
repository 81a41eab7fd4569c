#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <utility>
#include <vector>

#include "bindings.h"
#include "kedge/base/bytes.h"
#include "kedge/base/error.h"
#include "kedge/model/onnx.h"
#include "kedge/model/onnx_net.h"
#include "kedge/score/quantize_graph.h"
#include "kedge/score/quantize_shorts.h"
#include "numpy_matrix.h"
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

RangeRule range_rule_of(std::string_view name) {
  constexpr std::string_view kNames[] = {"min-max", "percentile", "mse"};
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    if (name == kNames[i]) return static_cast<RangeRule>(i);
  }
  throw invalid_argument("calibrate = \"", name, "\": expected min-max, percentile or mse");
}

std::pair<Net, std::vector<StepError>> quantized(const Net& net, nb::handle rows,
                                                 std::string_view calibrate,
                                                 std::string_view numbers) {
  if (numbers != "int8" && numbers != "int16") {
    throw invalid_argument("numbers = \"", numbers, "\": expected int8 or int16");
  }
  nb::object keep;
  const Rows read = numpy_rows(rows, net.features.size(), keep);
  if (net.forest) throw unsupported("quantize: a net that asks trees stays in floats");
  const RangeRule rule = range_rule_of(calibrate);
  QuantizedGraph made = numbers == "int8" ? quantize_graph(net.graph, read, rule)
                                          : quantize_shorts(net.graph, read, rule);
  Net quantized = net;
  quantized.graph = std::move(made.graph);
  return {std::move(quantized), std::move(made.steps)};
}

}  // namespace

void bind_graph(nb::module_& m) {
  nb::class_<StepError>(m, "StepError",
                        "How far whole numbers are from floats in what a step writes.")
      .def_ro("step", &StepError::step, "Which step.")
      .def_ro("largest", &StepError::largest, "Largest difference over the rows.")
      .def_ro("mean", &StepError::mean, "Mean difference over the rows.")
      .def_ro("range", &StepError::range, "What the floats span.");
  nb::class_<Net>(m, "Net", "A model that is not trees alone: steps from a row to its scores.")
      .def_static(
          "from_onnx", [](const nb::bytes& data) { return import_onnx_net(bytes_of(data)); },
          "data"_a, "Reads an ONNX graph of operators that have a step here.")
      .def_static(
          "reads_onnx", [](const nb::bytes& data) { return !is_onnx_forest(bytes_of(data)); },
          "data"_a, "Whether the file is more than trees alone, which a Forest reads.")
      .def_static(
          "onnx_classes", [](const nb::bytes& data) { return onnx_classes(bytes_of(data)); },
          "data"_a, "What an ONNX graph's classes are called, in the order of their scores.")
      .def("quantized", &quantized, "rows"_a, "calibrate"_a = "min-max", "numbers"_a = "int8",
           nb::sig("def quantized(self, rows: object, calibrate: str = 'min-max', "
                   "numbers: str = 'int8') -> tuple[Net, list[StepError]]"),
           "The net in int8 or int16, with scales from these rows; and its errors over them, the "
           "raw scores' last.")
      .def_ro("origin", &Net::origin, "What made it.")
      .def_ro("features", &Net::features, "The columns of a row, in order.")
      .def_prop_ro("steps", &steps_of, "What is done to a row, step by step.");
}

}  // namespace kedge

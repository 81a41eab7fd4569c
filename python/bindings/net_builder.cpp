#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bindings.h"
#include "kedge/base/error.h"
#include "kedge/model/graph_builder.h"
#include "kedge/model/graph_fuse.h"
#include "kedge/model/graph_tidy.h"
#include "kedge/model/onnx_net.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace kedge {
namespace {

using Numbers = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Table = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Slot = std::uint32_t;

std::span<const double> span_of(const Numbers& numbers) { return {numbers.data(), numbers.size()}; }

template <class Value, std::size_t kCount>
Value named(const char* what, const std::array<std::pair<const char*, Value>, kCount>& known,
            const std::string& name) {
  for (const auto& [text, value] : known) {
    if (name == text) return value;
  }
  throw invalid_argument(what, " \"", name, "\" is not known");
}

constexpr std::array<std::pair<const char*, Activation>, 6> kActivations = {{
    {"relu", Activation::kRelu},
    {"tanh", Activation::kTanh},
    {"logistic", Activation::kSigmoid},
    {"exp", Activation::kExp},
    {"abs", Activation::kAbs},
    {"negate", Activation::kNegate},
}};
constexpr std::array<std::pair<const char*, Combination>, 6> kCombinations = {{
    {"add", Combination::kAdd},
    {"subtract", Combination::kSubtract},
    {"multiply", Combination::kMultiply},
    {"divide", Combination::kDivide},
    {"min", Combination::kMin},
    {"max", Combination::kMax},
}};
constexpr std::array<std::pair<const char*, Placing>, 3> kPlacings = {{
    {"equal", Placing::kEqual},
    {"at most", Placing::kAtMost},
    {"below", Placing::kBelow},
}};
constexpr std::array<std::pair<const char*, Norm>, 3> kNorms = {{
    {"l1", Norm::kSizes},
    {"l2", Norm::kSquares},
    {"max", Norm::kLargest},
}};

// Steps over doubles, for importers that read Python objects. Slots come from the builder itself,
// and each is looked at before it is used.
class NetBuilder {
 public:
  NetBuilder(const std::vector<std::string>& names,
             const std::map<std::uint32_t, std::vector<std::string>>& categories)
      : graph_(names.size(), NumberKind::kDouble) {
    for (const std::string& name : names) net_.features.push_back({name, FeatureKind::kNumber, {}});
    for (const auto& [i, list] : categories) {
      if (i >= names.size()) throw invalid_argument("feature ", i, " of ", names.size());
      net_.features[i].kind = FeatureKind::kText;
      net_.features[i].categories = list;
    }
    check_names(net_.features);
  }

  std::size_t width(Slot slot) const { return graph_.width(known(slot)); }
  Slot affine(Slot slot, const Table& weights, const Numbers& bias) {
    return graph_.affine(known(slot), weights.shape(1), {weights.data(), weights.size()},
                         span_of(bias));
  }
  Slot activate(Slot slot, const std::string& name) {
    return graph_.activate(known(slot), named("activation", kActivations, name));
  }
  Slot combine(const std::string& how, Slot slot, Slot other) {
    return graph_.combine(named("combination", kCombinations, how), known(slot), known(other));
  }
  Slot combine_with(const std::string& how, Slot slot, const Numbers& constant) {
    return graph_.combine(named("combination", kCombinations, how), known(slot), span_of(constant));
  }
  Slot select(Slot slot, const std::vector<std::uint32_t>& columns) {
    return graph_.select(known(slot), columns);
  }
  Slot concat(const std::vector<Slot>& slots) {
    if (slots.empty()) throw invalid_argument("concat: no slots");
    for (const Slot slot : slots) known(slot);
    return graph_.concat(slots);
  }
  Slot softmax(Slot slot) { return graph_.softmax(known(slot)); }
  Slot look_up(Slot slot, const Table& table) {
    return graph_.look_up(known(slot), {table.data(), table.size()}, table.shape(1));
  }
  Slot fill(Slot slot, const Numbers& values) { return graph_.fill(known(slot), span_of(values)); }
  Slot missing(Slot slot) { return graph_.missing(known(slot)); }
  Slot place(Slot slot, const std::string& how, const Numbers& numbers) {
    return graph_.place(known(slot), named("placing", kPlacings, how), span_of(numbers));
  }
  Slot normalize(Slot slot, const std::string& norm) {
    return graph_.normalize(known(slot), named("norm", kNorms, norm));
  }
  Slot trees(Slot slot, const Forest& forest) {
    if (net_.forest) throw unsupported("a second model of trees in one pipeline");
    net_.forest = forest;
    const NumberKind number = forest.sums_float32 ? NumberKind::kFloat : NumberKind::kDouble;
    return graph_.trees(known(slot), forest.outputs, number);
  }
  Slot link(Slot slot) { return graph_.link(known(slot)); }
  Slot widen(Slot slot) { return graph_.convert(known(slot), NumberKind::kDouble); }
  // A graph has a step at least.
  Net finish(Slot raw, const std::string& origin) {
    net_.graph = tidy(fuse_tables(tidy(graph_.finish(known(raw)))));
    net_.origin = origin;
    return net_;
  }

 private:
  Slot known(Slot slot) const {
    if (slot > graph_.steps()) throw invalid_argument("slot ", slot, " of ", graph_.steps());
    return slot;
  }

  GraphBuilder graph_;
  Net net_;
};

}  // namespace

void bind_net_builder(nb::module_& m) {
  nb::class_<NetBuilder>(m, "NetBuilder", "Makes a Net of float64 step by step; slot 0 is a row.")
      .def(nb::init<const std::vector<std::string>&,
                    const std::map<std::uint32_t, std::vector<std::string>>&>(),
           "names"_a, "categories"_a, "Columns by name; those that hold text, with what it may be.")
      .def("width", &NetBuilder::width, "slot"_a, "How many numbers a slot holds.")
      .def("affine", &NetBuilder::affine, "slot"_a, "weights"_a, "bias"_a,
           "The slot times the weights, one row for each input, and the bias.")
      .def("activate", &NetBuilder::activate, "slot"_a, "activation"_a, "Each number by itself.")
      .def("combine", &NetBuilder::combine, "how"_a, "slot"_a, "other"_a,
           "Two slots number by number; the other may be one wide.")
      .def("combine_with", &NetBuilder::combine_with, "how"_a, "slot"_a, "constant"_a,
           "A slot and constants, as many or one.")
      .def("select", &NetBuilder::select, "slot"_a, "columns"_a, "Columns, in this order.")
      .def("concat", &NetBuilder::concat, "slots"_a, "Slots side by side.")
      .def("softmax", &NetBuilder::softmax, "slot"_a, "Over the whole slot.")
      .def("look_up", &NetBuilder::look_up, "slot"_a, "table"_a,
           "The table's row by the number in each column.")
      .def("fill", &NetBuilder::fill, "slot"_a, "values"_a, "Values where something is missing.")
      .def("missing", &NetBuilder::missing, "slot"_a, "1 where something is missing, else 0.")
      .def("place", &NetBuilder::place, "slot"_a, "how"_a, "numbers"_a,
           "Where each number is among rising numbers: \"equal\", \"at most\" or \"below\".")
      .def("normalize", &NetBuilder::normalize, "slot"_a, "norm"_a,
           "Divided by the norm of the row: \"l1\", \"l2\" or \"max\".")
      .def("trees", &NetBuilder::trees, "slot"_a, "forest"_a, "The raw scores of a forest.")
      .def("link", &NetBuilder::link, "slot"_a, "The forest's predictions from its raw scores.")
      .def("widen", &NetBuilder::widen, "slot"_a, "As float64.")
      .def("finish", &NetBuilder::finish, "raw"_a, "origin"_a,
           "The net; `raw` is the slot of the raw scores, the last one that of the predictions.");
}

}  // namespace kedge

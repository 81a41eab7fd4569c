#include "kedge/window/as_of.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include "arrow_input.h"
#include "bindings.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace kedge {
namespace {

using Tolerance = std::optional<std::variant<std::string, std::uint64_t>>;

Batches join(nb::handle features, nb::handle labels, std::vector<std::string> by, std::string on,
             std::string features_on, const Tolerance& tolerance, bool strict, bool match_nulls,
             std::string suffix) {
  AsOf how{std::move(by), std::move(on), std::move(features_on), {},
           strict,        match_nulls,   std::move(suffix)};
  if (tolerance) {
    if (const auto* duration = std::get_if<std::string>(&*tolerance)) {
      how.tolerance = parse_duration(*duration);
    } else {
      how.tolerance = std::get<std::uint64_t>(*tolerance);
    }
  }
  const Batches from = batches_from(features), to = batches_from(labels);
  const nb::gil_scoped_release unlocked;
  return as_of(from, to, how);
}

}  // namespace

void bind_as_of(nb::module_& m) {
  m.def("as_of", &join, "features"_a, "labels"_a, "by"_a, "on"_a, "features_on"_a,
        "tolerance"_a.none(), "strict"_a, "match_nulls"_a, "suffix"_a,
        "The labels with the newest features of their keys and times; see kedge.as_of.");
}

}  // namespace kedge

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <tuple>
#include <vector>

#include "bindings.h"
#include "kedge/sla/arrivals.h"
#include "kedge/sla/latency_histogram.h"

namespace nb = nanobind;
using namespace nanobind::literals;

namespace kedge {
namespace {

using Nanoseconds = nb::ndarray<const std::int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Integers = nb::ndarray<nb::numpy, std::int64_t, nb::ndim<1>>;

Integers numpy_of(std::vector<std::int64_t> values) {
  auto* const kept = new std::vector<std::int64_t>(std::move(values));
  const nb::capsule owner(
      kept, [](void* data) noexcept { delete static_cast<std::vector<std::int64_t>*>(data); });
  return Integers(kept->data(), {kept->size()}, owner);
}

Integers cells_of(const Nanoseconds& latencies) {
  std::vector<std::int64_t> cells(latencies.shape(0));
  for (std::size_t i = 0; i < cells.size(); ++i) {
    cells[i] = static_cast<std::int64_t>(latency_cell(latencies.data()[i]));
  }
  return numpy_of(std::move(cells));
}

Integers cell_bounds() {
  std::vector<std::int64_t> bounds(kLatencyCells);
  for (std::size_t i = 0; i < bounds.size(); ++i) bounds[i] = latency_cell_bound(i);
  return numpy_of(std::move(bounds));
}

Integers due_of(const std::vector<std::tuple<double, double, double>>& parts, bool is_poisson,
                std::uint64_t seed) {
  std::vector<ArrivalPart> given;
  given.reserve(parts.size());
  for (const auto& [seconds, first, last] : parts) given.push_back({seconds, first, last});
  return numpy_of(arrivals(given, is_poisson ? Spacing::kPoisson : Spacing::kEven, seed));
}

}  // namespace

void bind_sla(nb::module_& m) {
  m.def("latency_cells", &cells_of, "ns"_a, "The cell of each latency in nanoseconds.");
  m.def("latency_bounds", &cell_bounds, "The largest latency of each cell, in nanoseconds.");
  m.def("arrivals", &due_of, "parts"_a, "poisson"_a = false, "seed"_a = 0,
        "When calls are due, in nanoseconds: for each part its seconds, first and last rate.");
}

}  // namespace kedge

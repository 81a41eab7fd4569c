// Doors for tests: what the drift report computes from counts, on counts alone.
#include "kedge/drift/distance.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/vector.h>

#include "bindings.h"
#include "counts_input.h"
#include "kedge/drift/chi_square.h"
#include "kedge/drift/fisher.h"
#include "kedge/drift/rank_limits.h"
#include "kedge/drift/rank_tests.h"
#include "kedge/drift/wasserstein.h"
#include "kedge/evidence/fdr.h"

namespace nb = nanobind;
using namespace nanobind::literals;

namespace kedge {
namespace {

nb::tuple g_test_of(nb::handle x, nb::handle y) {
  const ChiSquareResult result = g_test(counts_from(x, "x"), counts_from(y, "y"));
  return nb::make_tuple(result.statistic, result.pvalue, static_cast<std::int64_t>(result.dof));
}

nb::dict rank_tests_of(nb::handle reference, nb::handle current) {
  const RankTests tests =
      rank_tests(counts_from(reference, "reference"), counts_from(current, "current"));
  nb::dict out;
  out["ad_statistic"] = tests.anderson_darling.statistic;
  out["ad_standardised"] = tests.anderson_darling.standardised;
  out["ad_pvalue"] = tests.anderson_darling.pvalue();
  out["cvm_statistic"] = tests.cramer_von_mises.statistic;
  out["cvm_pvalue"] = tests.cramer_von_mises.pvalue();
  out["cvm_untied"] = tests.cramer_von_mises.untied;
  out["cvm_untied_pvalue"] = tests.cramer_von_mises.untied_pvalue();
  return out;
}

nb::dict distances_of(nb::handle reference, nb::handle current) {
  const CountDistances distances =
      count_distances(counts_from(reference, "reference"), counts_from(current, "current"));
  nb::dict out;
  out["psi"] = distances.psi;
  out["kl"] = distances.kl;
  out["js"] = distances.js;
  out["hellinger"] = distances.hellinger;
  out["total_variation"] = distances.total_variation;
  return out;
}

double wasserstein_of(nb::handle reference, nb::handle current,
                      const std::vector<double>& positions) {
  return place_distances(counts_from(reference, "reference"), counts_from(current, "current"),
                         positions)
      .wasserstein;
}

double energy_distance_of(nb::handle reference, nb::handle current,
                          const std::vector<double>& positions) {
  return place_distances(counts_from(reference, "reference"), counts_from(current, "current"),
                         positions)
      .energy;
}

}  // namespace

void bind_distance(nb::module_& m) {
  m.def("g_test", g_test_of, "x"_a, "y"_a,
        nb::sig("def g_test(x: object, y: object) -> tuple[float, float, int]"),
        "The likelihood-ratio test of homogeneity: statistic, p-value, freedom.");
  m.def("fisher_exact", fisher_exact, "a"_a, "b"_a, "c"_a, "d"_a,
        "The two-sided p-value of Fisher's exact test.");
  m.def("rank_tests", rank_tests_of, "reference"_a, "current"_a,
        nb::sig("def rank_tests(reference: object, current: object) -> dict[str, float]"),
        "Anderson and Darling's and Cramer and von Mises's tests on ordered counts.");
  m.def("anderson_darling_sf", anderson_darling_sf, "x"_a,
        "The upper tail of the limit of Anderson and Darling's statistic.");
  m.def("cramer_von_mises_sf", cramer_von_mises_sf, "x"_a,
        "The upper tail of the limit of Cramer and von Mises's statistic.");
  m.def("count_distances", distances_of, "reference"_a, "current"_a,
        nb::sig("def count_distances(reference: object, current: object) -> dict[str, float]"),
        "Distances between the shares of two samples.");
  const auto noise_of = [](double CountNoise::* which) {
    return [which](std::size_t bins, std::uint64_t n, std::uint64_t m, double level) {
      return count_noise(bins, n, m, level).*which;
    };
  };
  m.def("psi_noise", noise_of(&CountNoise::psi), "bins"_a, "n"_a, "m"_a, "level"_a,
        "What the PSI exceeds with probability 1 - level when nothing changed.");
  m.def("js_noise", noise_of(&CountNoise::js), "bins"_a, "n"_a, "m"_a, "level"_a,
        "What the Jensen-Shannon distance exceeds with probability 1 - level.");
  m.def("wasserstein", wasserstein_of, "reference"_a, "current"_a, "positions"_a,
        nb::sig("def wasserstein(reference: object, current: object, "
                "positions: Sequence[float]) -> float"),
        "The integral of the difference of two distribution functions.");
  m.def("energy_distance", energy_distance_of, "reference"_a, "current"_a, "positions"_a,
        nb::sig("def energy_distance(reference: object, current: object, "
                "positions: Sequence[float]) -> float"),
        "The root of twice the integral of their squared difference.");
  const auto list = [](std::vector<double> (*adjust)(std::span<const double>)) {
    return [adjust](const std::vector<double>& pvalues) { return adjust(pvalues); };
  };
  m.def("bonferroni", list(bonferroni), "pvalues"_a, "Each times the number of tests.");
  m.def("benjamini_hochberg", list(benjamini_hochberg), "pvalues"_a,
        "Adjusted for the rate of false discoveries.");
}

}  // namespace kedge

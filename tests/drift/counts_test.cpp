#include <initializer_list>
#include <vector>

#include "check.h"
#include "kedge/base/hash.h"
#include "kedge/base/random.h"
#include "kedge/drift/chi_square.h"
#include "kedge/drift/distance.h"
#include "kedge/drift/fisher.h"
#include "kedge/drift/rank_limits.h"
#include "kedge/drift/rank_tests.h"
#include "kedge/drift/wasserstein.h"

namespace kedge {
namespace {

constexpr std::uint64_t kMost = std::uint64_t{1} << 53;

bool close(double value, double expected, double tolerance) {
  return std::fabs(value - expected) <= tolerance * std::fabs(expected);
}

}  // namespace

TEST("samples that cannot be compared are told apart from wrong ones") {
  const std::vector<std::uint64_t> some = {3, 0, 4};
  const std::vector<std::uint64_t> none = {0, 0, 0};
  const std::vector<std::uint64_t> one = {0, 0, 9};
  for (const auto& other : {none, one}) {
    CHECK(chi_square_homogeneity(one, other).pvalue == 1);
    CHECK(g_test(one, other).pvalue == 1 && count_distances(one, other).js == 0);
    CHECK(rank_tests(one, other).anderson_darling.pvalue() == 1);
  }
  const CountPair pair = check_counts(some, one);
  CHECK(pair.reference == 7 && pair.current == 9 && pair.bins == 2 && pair.one_sided);
  CHECK(!check_counts(some, some).one_sided && !check_counts(some, none).comparable());
  CHECK_ERROR("the reference has 3 bins, the current counts 2",
              check_counts(some, {one.data(), 2}));
  const std::vector<std::uint64_t> full = {kMost, 0, 1};
  CHECK_ERROR("counts[2] = 1: a sample has at most 2^53", check_counts(full, some));
  CHECK_ERROR("counts[0] = 18446744073709551615",
              check_counts(some, std::vector<std::uint64_t>{~std::uint64_t{0}, 2, 2}));
}

TEST("the sum over tables goes over into the integral without a step") {
  // The distribution's deviation passes 2000 here; the p-value changes by what the table does.
  double previous = 0;
  for (std::uint64_t n = 15'990'000; n <= 16'010'000; n += 2'000) {
    const double pvalue = fisher_exact(n + 5'000, n, n, n + 5'000);
    CHECK(pvalue > 0 && (previous == 0 || close(pvalue, previous, 1e-3)));
    previous = pvalue;
  }
  CHECK_ERROR("may hold 2^53 values", fisher_exact(kMost, kMost, 0, 1));
}

TEST("the largest counts stay finite") {
  const std::vector<std::uint64_t> x = {kMost / 2, kMost / 2 - 7, 7};
  const std::vector<std::uint64_t> y = {kMost / 4, kMost / 4 + 90'000'000, 5};
  const RankTests ranks = rank_tests(x, y);
  CHECK(ranks.anderson_darling.statistic > 0 && ranks.anderson_darling.pvalue() >= 0);
  CHECK(std::isfinite(ranks.anderson_darling.standardised) && ranks.cramer_von_mises.untied > 0);
  const ChiSquareResult chi = chi_square_homogeneity(x, y);
  CHECK(chi.statistic > 0 && close(g_test(x, y).statistic, chi.statistic, 0.5));
}

TEST("tests on counts have the same bits on every machine") {
  Random random(7);
  Digest digest;
  for (std::size_t bins = 2; bins < 120; ++bins) {
    std::vector<std::uint64_t> x, y;
    for (std::size_t i = 0; i < bins; ++i) {
      x.push_back(random.below(30));
      y.push_back(random.below(30));
    }
    const RankTests ranks = rank_tests(x, y);
    digest.add(ranks.anderson_darling.standardised);
    digest.add(ranks.cramer_von_mises.statistic);
    digest.add(chi_square_homogeneity(x, y).pvalue);
    digest.add(g_test(x, y).pvalue);
    digest.add(count_distances(x, y).psi);
    digest.add(count_distances(x, y).js);
    digest.add(fisher_exact(x[0], x[1], y[0], y[1]));
    digest.add(anderson_darling_sf(20 * random.uniform()));
    digest.add(cramer_von_mises_sf(4 * random.uniform()));
  }
  CHECK(digest.value() == 0xf8ca2190447fcd62);
}

}  // namespace kedge

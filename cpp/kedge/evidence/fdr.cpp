#include "kedge/evidence/fdr.h"

#include <algorithm>
#include <numeric>

#include "kedge/base/error.h"
#include "kedge/base/math.h"

namespace kedge {
namespace {

// The places of the p-values that are not NaN.
std::vector<std::size_t> made(std::span<const double> pvalues) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < pvalues.size(); ++i) {
    if (pvalues[i] < 0 || pvalues[i] > 1) {
      throw invalid_argument("pvalues[", i, "] = ", pvalues[i], ": must be from 0 to 1");
    }
    if (pvalues[i] == pvalues[i]) places.push_back(i);
  }
  return places;
}

}  // namespace

std::vector<double> bonferroni(std::span<const double> pvalues) {
  const auto count = static_cast<double>(made(pvalues).size());
  std::vector<double> adjusted(pvalues.begin(), pvalues.end());
  for (double& p : adjusted) p = p != p ? p : std::min(1.0, p * count);
  return adjusted;
}

std::vector<double> benjamini_hochberg(std::span<const double> pvalues) {
  std::vector<std::size_t> places = made(pvalues);
  const auto count = static_cast<double>(places.size());
  std::vector<double> adjusted(pvalues.begin(), pvalues.end());
  std::sort(places.begin(), places.end(),
            [&](std::size_t i, std::size_t j) { return pvalues[i] < pvalues[j]; });
  double least = 1;
  for (std::size_t rank = places.size(); rank > 0; --rank) {
    const std::size_t i = places[rank - 1];
    least = std::min(least, pvalues[i] * (count / static_cast<double>(rank)));
    adjusted[i] = least;
  }
  return adjusted;
}

std::vector<std::size_t> e_benjamini_hochberg(std::span<const double> log_evidence, double alpha) {
  if (!(alpha > 0 && alpha < 1)) {
    throw invalid_argument("alpha = ", alpha, " is not between 0 and 1");
  }
  std::vector<std::size_t> order(log_evidence.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) {
    return log_evidence[i] != log_evidence[j] ? log_evidence[i] > log_evidence[j] : i < j;
  });
  const double enough = log_of(static_cast<double>(order.size()) / alpha);
  std::size_t rejected = order.size();
  while (rejected > 0 &&
         log_evidence[order[rejected - 1]] < enough - log_of(static_cast<double>(rejected))) {
    --rejected;
  }
  order.resize(rejected);
  return order;
}

}  // namespace kedge

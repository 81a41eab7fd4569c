#include "kedge/drift/auc.h"

#include <algorithm>
#include <cmath>

#include "kedge/base/gamma.h"
#include "kedge/base/math.h"

namespace kedge {
namespace {

struct Ranks {
  double wins = 0;  // of current over reference, ties half
  double ties = 0;  // sum over values of t^3 - t
};

// Both are sorted.
Ranks ranks_of(const std::vector<double>& reference, const std::vector<double>& current) {
  Ranks ranks;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < reference.size() || j < current.size()) {
    const bool from_reference =
        j == current.size() || (i < reference.size() && reference[i] <= current[j]);
    const double value = from_reference ? reference[i] : current[j];
    const std::size_t below = i;
    const std::size_t before = j;
    while (i < reference.size() && reference[i] == value) ++i;
    while (j < current.size() && current[j] == value) ++j;
    const auto x = static_cast<double>(i - below);
    const auto y = static_cast<double>(j - before);
    ranks.wins += y * (static_cast<double>(below) + x / 2);
    ranks.ties += (x + y) * ((x + y) * (x + y) - 1);
  }
  return ranks;
}

}  // namespace

AucResult auc_of(std::vector<double> reference, std::vector<double> current, double alpha) {
  AucResult result;
  if (reference.empty() || current.empty()) return result;
  std::sort(reference.begin(), reference.end());
  std::sort(current.begin(), current.end());
  const auto n = static_cast<double>(reference.size());
  const auto m = static_cast<double>(current.size());
  const Ranks ranks = ranks_of(reference, current);
  result.auc = ranks.wins / (n * m);
  result.population = chances_within(result.auc, log_of(2 / alpha) / std::min(n, m));
  const double all = n + m;
  const double variance = n * m / 12 * (all + 1 - ranks.ties / (all * (all - 1)));
  if (!(variance > 0)) return result;
  const double off = ranks.wins - n * m / 2;
  const double tail = chi_square_sf(off * off / variance, 1) / 2;
  result.pvalue = off > 0 ? tail : 1 - tail;
  return result;
}

}  // namespace kedge

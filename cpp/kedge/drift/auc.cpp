#include "kedge/drift/auc.h"

#include <algorithm>
#include <cmath>

#include "kedge/base/gamma.h"
#include "kedge/base/math.h"

namespace kedge {
namespace {

double part_of_divergence(double p, double q) noexcept {
  return p == 0 ? 0 : p * (log_of(p) - log_of(q));
}

// Of Bernoulli's distribution with p from that with q.
double divergence(double p, double q) noexcept {
  return part_of_divergence(p, q) + part_of_divergence(1 - p, 1 - q);
}

// The q farthest from p towards `end` that a divergence of `most` allows.
double farthest(double p, double end, double most) noexcept {
  constexpr int kHalvings = 60;
  double inside = p;
  double outside = end;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = inside / 2 + outside / 2;
    (divergence(p, middle) <= most ? inside : outside) = middle;
  }
  return outside;
}

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
  const double most = log_of(2 / alpha) / std::min(n, m);
  result.population = {farthest(result.auc, 0, most), farthest(result.auc, 1, most)};
  const double all = n + m;
  const double variance = n * m / 12 * (all + 1 - ranks.ties / (all * (all - 1)));
  if (!(variance > 0)) return result;
  const double off = ranks.wins - n * m / 2;
  const double tail = chi_square_sf(off * off / variance, 1) / 2;
  result.pvalue = off > 0 ? tail : 1 - tail;
  return result;
}

}  // namespace kedge

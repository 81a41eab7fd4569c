#include "kedge/drift/ks_pvalue.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "kedge/base/error.h"
#include "kedge/drift/kolmogorov.h"

namespace kedge {
namespace {

// Ties go to the even neighbour, as numpy.round has it.
double round_half_even(double x) noexcept {
  const double below = std::floor(x);
  const double rest = x - below;
  const bool odd = below - 2 * std::floor(below / 2) != 0;
  return below + (rest > 0.5 || (rest == 0.5 && odd) ? 1 : 0);
}

void check_sizes(std::int64_t n, std::int64_t m) {
  for (const std::int64_t size : {n, m}) {
    if (size < 1 || size > std::int64_t{1} << 53) {
      throw invalid_argument("sample size ", size, ": must be 1 to 2^53");
    }
  }
}

// Equal sizes: 2 (A0 - A0 A1 + A0 A1 A2 - ...), where A0 ... Ak = C(2n, n - (k+1) h) / C(2n, n),
// the share of paths that reach a line at distance (k+1) h (Gnedenko and Korolyuk, by reflection).
double equal_sizes_pvalue(std::int64_t n, std::int64_t h) noexcept {
  // A0 ... Ak is near exp(-(k+1)^2 h^2 / n): beyond this k it is below 1e-21.
  const std::int64_t last = std::min(n / h, 7 * static_cast<std::int64_t>(std::sqrt(n)) / h + 1);
  double sum = 0;
  for (std::int64_t k = last; k >= 0; --k) {
    double share = 1;
    for (std::int64_t j = 0; j < h; ++j) {
      share *= static_cast<double>(n - k * h - j) / static_cast<double>(n + k * h + j + 1);
    }
    sum = share * (1 - sum);
  }
  return std::min(1.0, 2 * sum);
}

// Unequal sizes. Shuffling two samples is a random path of steps right and up from (0, 0) to
// (n, m); their distance is below h / lcm while |i m' - j n'| < h with n' = n / gcd, m' = m / gcd.
// The walk goes over the antidiagonals i + j = s and keeps for each cell the probability that a
// path to it has left that band. It adds up small numbers rather than take large ones from 1, which
// keeps the relative accuracy of tiny p-values, and cells of one antidiagonal do not wait for one
// another.
class BandWalk {
 public:
  BandWalk(std::int64_t n, std::int64_t m, std::int64_t h)
      : n_(n), m_(m), h_(h), left_(static_cast<std::size_t>(n) + 2, 1.0) {
    const std::int64_t divisor = std::gcd(n, m);
    n_reduced_ = n / divisor;
    m_reduced_ = m / divisor;
    left_[slot(0)] = 0;
  }

  // To the next antidiagonal. False when none of its cells is inside the band.
  bool advance() noexcept {
    ++s_;
    // i m' - (s - i) n' lies strictly between -h and h.
    const std::int64_t both = n_reduced_ + m_reduced_;
    const std::int64_t above = s_ * n_reduced_ + h_ - 1;
    const std::int64_t below = s_ * n_reduced_ - h_;
    const std::int64_t low = std::max({below < 0 ? 0 : below / both + 1, s_ - m_, std::int64_t{0}});
    const std::int64_t high = std::min({above / both, n_, s_});
    if (low > high) return false;
    const auto last = static_cast<std::int32_t>(slot(low));
    const auto corner = static_cast<std::int32_t>(n_);
    const auto steps = static_cast<double>(s_);
    const double share = 1 / steps;
    double* left = left_.data();
    for (auto k = static_cast<std::int32_t>(slot(high)); k <= last; ++k) {
      const double i = corner - k;
      left[k] = (left[k + 1] * i + left[k] * (steps - i)) * share;
    }
    left[last + 1] = 1;
    return true;
  }

  // For the cell (i, s - i).
  double left(std::int64_t i) const noexcept { return left_[slot(i)]; }

 private:
  // Downwards in i, so that a cell overwrites its one predecessor after the other was read.
  std::size_t slot(std::int64_t i) const noexcept { return static_cast<std::size_t>(n_ - i); }

  std::int64_t n_;
  std::int64_t m_;
  std::int64_t h_;
  std::int64_t n_reduced_ = 0;
  std::int64_t m_reduced_ = 0;
  std::int64_t s_ = 0;
  std::vector<double> left_;
};

// Half the way is enough: seen from the end, the band and the paths look the same. A path leaves it
// before the antidiagonal `half` or, walking back from the end, after; the cell where it crosses
// has the hypergeometric distribution, here from its mode outwards and up to a factor.
double unequal_sizes_pvalue(std::int64_t n, std::int64_t m, std::int64_t h) {
  BandWalk there(n, m, h);
  const std::int64_t half = (n + m) / 2;
  for (std::int64_t s = 1; s <= half; ++s) {
    if (!there.advance()) return 1;
  }
  BandWalk back = there;
  if ((n + m) % 2 != 0 && !back.advance()) return 1;

  double outside = 0;
  double all = 0;
  const auto cross = [&](std::int64_t i, double weight) {
    const double before = there.left(i);
    outside += weight * (before + back.left(n - i) * (1 - before));
    all += weight;
  };
  const auto ratio = [&](std::int64_t i) {  // of the weights at i + 1 and i
    return static_cast<double>((n - i) * (half - i)) /
           static_cast<double>((i + 1) * (m - half + i + 1));
  };
  const std::int64_t mode = (n + 1) * (half + 1) / (n + m + 2);
  double weight = 1;
  for (std::int64_t i = mode; weight > 0; weight *= ratio(i++)) cross(i, weight);
  weight = 1;
  for (std::int64_t i = mode; i > std::max<std::int64_t>(0, half - m);) {
    weight /= ratio(--i);
    cross(i, weight);
  }
  return std::min(1.0, outside / all);
}

}  // namespace

double ks_two_sample_pvalue(std::int64_t n, std::int64_t m, double d) {
  check_sizes(n, m);
  if (d != d) return d;
  if (d <= 0) return 1;
  if (d > 1) return 0;
  if (std::max(n, m) > kKsExactSize) {
    const auto larger = static_cast<double>(std::max(n, m));
    const auto smaller = static_cast<double>(std::min(n, m));
    const double size = round_half_even(larger * smaller / (larger + smaller));
    return kolmogorov_sf(static_cast<std::int64_t>(size), d);
  }
  const auto h =
      static_cast<std::int64_t>(round_half_even(d * static_cast<double>(std::lcm(n, m))));
  if (h == 0) return 1;
  return n == m ? equal_sizes_pvalue(n, h) : unequal_sizes_pvalue(n, m, h);
}

}  // namespace kedge

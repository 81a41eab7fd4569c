// Which formula serves where follows Simard and L'Ecuyer, "Computing the Two-Sided
// Kolmogorov-Smirnov Distribution", Journal of Statistical Software 39(11), 2011, with the borders
// that scipy.stats.kstwo took from it; n * d^2 decides.
#include "kedge/drift/kolmogorov.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "kedge/base/error.h"
#include "kedge/base/math.h"

namespace kedge {
namespace {

constexpr double kPi = 3.141592653589793;
constexpr double kSqrtTwoPi = 2.5066282746310007;
constexpr double kExpMinusOne = 0.36787944117144233;

// P(D_n <= d) for n*d <= 1, by Ruben and Gambino: n! (2d - 1/n)^n.
double ruben_gambino_cdf(std::int64_t n, double nd) noexcept {
  double probability = 1;
  for (std::int64_t i = 1; i <= n; ++i) {
    probability *= static_cast<double>(i) / static_cast<double>(n) * (2 * nd - 1);
  }
  return probability;
}

// Smirnov's sum for P(D_n^+ >= d): term j is d C(n,j) (d + j/n)^(j-1) (1 - d - j/n)^(n-j), all
// positive. In Loader's saddle-point form ("Fast and Accurate Computation of Binomial
// Probabilities", 2000) the powers and the binomial meet in logarithms of the size of the result:
// 1e6-sized ones would have to cancel otherwise.
class SmirnovTerm {
 public:
  SmirnovTerm(double n, double d) noexcept : n_(n), d_(d), nd_(n * d), error_(stirling_error(n)) {}

  double operator()(double j) const noexcept {
    if (j == 0) return exp_of(n_ * log1p_of(-d_));
    const double rest = n_ - j;
    if (rest <= nd_) return 0;
    const double exponent = j * log1pmx(nd_ / j) + rest * log1pmx(-nd_ / rest);
    const double errors = error_ - stirling_error(j) - stirling_error(rest);
    return nd_ / (nd_ + j) * std::sqrt(n_ / (2 * kPi * j * rest)) * exp_of(exponent + errors);
  }

 private:
  double n_;
  double d_;
  double nd_;
  double error_;
};

// Adds terms from `j` on in steps of `stride` up to `end`, until they no longer matter. The terms
// rise to one peak and fall.
double sum_while_it_matters(const SmirnovTerm& term, double j, double stride, double end,
                            double sum) noexcept {
  constexpr double kNegligible = 1e-20;  // 1000 of them stay below the rounding of the sum
  double previous = 0;
  for (; stride > 0 ? j <= end : j >= end; j += stride) {
    const double value = term(j);
    sum += value;
    if (value < previous && value < kNegligible * sum) break;
    previous = value;
  }
  return sum;
}

// Twice P(D_n^+ >= d): what the two-sided tail becomes once both sides at once are out of reach.
//
// For large n the terms are samples of an analytic function of j/n that vanishes with all its
// derivatives at both ends (as exp(-n d^2 / (2u)) at u = 0). By Poisson's summation formula the sum
// over every m-th term, times m, then equals the whole sum but for aliases, which fall as
// exp(-sqrt(2 pi n d^2 points)): below 1e-30 for 512 points and n d^2 >= 2.2.
double smirnov_tail(double n, double d) noexcept {
  constexpr double kPoints = 512;
  const SmirnovTerm term(n, d);
  const double stride = std::max(1.0, std::floor(n / kPoints));
  const double last = std::floor(n * (1 - d));
  const double peak = stride * std::floor(n * (1 - d) / 2 / stride);
  double sum = sum_while_it_matters(term, peak, -stride, 0, 0);
  sum = sum_while_it_matters(term, peak + stride, stride, last, sum);
  return std::min(1.0, 2 * stride * sum);
}

// Durbin's matrix H divided by e, for n*d = k - over with 0 <= over < 1. Its entries are
// probabilities of a Poisson process that stays in its band, so its powers never need scaling.
std::vector<double> durbin_matrix(std::size_t size, double over) {
  std::vector<double> inner(size + 1);  // 1 / (e j!)
  std::vector<double> edge(size);       // (1 - over^(j+1)) / (e (j+1)!)
  inner[0] = kExpMinusOne;
  double over_power = 1;
  double folded_power = 1;
  for (std::size_t j = 1; j <= size; ++j) {
    inner[j] = inner[j - 1] / static_cast<double>(j);
    over_power *= over;
    folded_power *= std::max(2 * over - 1, 0.0);
    edge[j - 1] = (1 - over_power) * inner[j];
  }
  edge[size - 1] = (1 - 2 * over_power + folded_power) * inner[size];

  std::vector<double> matrix(size * size);
  for (std::size_t row = 0; row < size; ++row) {
    for (std::size_t column = 1; column < size && column <= row + 1; ++column) {
      matrix[row * size + column] = inner[row + 1 - column];
    }
    matrix[row * size] = edge[row];
  }
  std::reverse_copy(edge.begin(), edge.end(), matrix.end() - static_cast<std::ptrdiff_t>(size));
  return matrix;
}

// Adds row * matrix to `out`.
void add_product(const double* row, const std::vector<double>& matrix, std::size_t size,
                 double* out) noexcept {
  for (std::size_t i = 0; i < size; ++i) {
    const double factor = row[i];
    const double* cells = matrix.data() + i * size;
    for (std::size_t j = 0; j < size; ++j) out[j] += factor * cells[j];
  }
}

// P(D_n <= d) = n!/n^n (H^n)[k-1][k-1]: Marsaglia, Tsang and Wang, "Evaluating Kolmogorov's
// Distribution", Journal of Statistical Software 8(18), 2003. With H/e the factor n! e^n / n^n is
// left, which Stirling gives. Only one row of the power is needed.
double durbin_cdf(std::int64_t n, double nd) {
  const double k = std::ceil(nd);
  const auto middle = static_cast<std::size_t>(k) - 1;
  const std::size_t size = 2 * middle + 1;
  std::vector<double> matrix = durbin_matrix(size, k - nd);
  std::vector<double> row(size);
  row[middle] = 1;
  for (std::int64_t left = n;; left /= 2) {
    if (left % 2 != 0) {
      std::vector<double> product(size);
      add_product(row.data(), matrix, size, product.data());
      row.swap(product);
    }
    if (left <= 1) break;
    std::vector<double> square(size * size);
    for (std::size_t i = 0; i < size; ++i) {
      add_product(matrix.data() + i * size, matrix, size, square.data() + i * size);
    }
    matrix.swap(square);
  }
  const auto count = static_cast<double>(n);
  return kSqrtTwoPi * std::sqrt(count) * exp_of(stirling_error(count)) * row[middle];
}

// P(D_n <= d) by Pelz and Good, "Approximating the Lower Tail-Areas of the Kolmogorov-Smirnov
// One-Sample Statistic", Journal of the Royal Statistical Society B 38(2), 1976: four terms in
// 1/sqrt(n) as series in exp(-1/z^2), z = sqrt(n) d, which converge fast for the small z meant
// here.
double pelz_good_cdf(double n, double d) noexcept {
  // For z^2 < 2.2 the seventh summand is below exp(-90) of the first.
  constexpr int kSummands = 6;
  const double w = n * d * d;
  double k0 = 0;
  double k1 = 0;
  double k2 = 0;
  double k3 = 0;
  for (int k = kSummands; k >= 1; --k) {
    const double odd = 2 * k - 1;
    const double a = kPi * kPi * odd * odd / 4;
    const double weight = exp_of(-a / (2 * w));
    k0 += weight;
    k1 += (a - w) * weight;
    k2 += (2 * w * w * (3 * w + 1) + a * (w * (2 * w - 5) + a * (1 - 2 * w))) * weight;
    k3 += (-30 * w * w * w * (3 * w + 1) +
           a * (w * w * (135 - 96 * w) + a * (w * (212 * w - 60) + a * (5 - 30 * w)))) *
          weight;
  }
  double more2 = 0;
  double more3 = 0;
  for (int k = kSummands; k >= 1; --k) {
    const double b = kPi * kPi * k * k;
    const double weight = b * exp_of(-b / (2 * w));
    more2 += weight;
    more3 += (3 * w - b) * weight;
  }
  const double z = std::sqrt(w);
  const double cube = w * z;
  const double root = std::sqrt(n);
  k2 = k2 / (72 * cube * w * w) - more2 / (36 * cube);
  k3 = k3 / (6480 * w * w * w * w * w) + more3 / (216 * w * w * w);
  return kSqrtTwoPi * (k0 / z + (k1 / (6 * w * w) + (k2 + k3 / root) / root) / root);
}

double small_distance_cdf(std::int64_t n, double nd, double d) {
  // scipy takes Durbin's matrix up to n = 100 000 for the relative accuracy of small cdfs. For
  // 1 - cdf the two agree to 5e-13 from n = 10 000 on (scanned over n*d^1.5 <= 1.4).
  const bool durbin = n <= 140 || (n <= 10000 && nd * std::sqrt(d) <= 1.4);
  return durbin ? durbin_cdf(n, nd) : pelz_good_cdf(static_cast<double>(n), d);
}

}  // namespace

double kolmogorov_sf(std::int64_t n, double d) {
  if (n < 1 || n > std::int64_t{1} << 53) {
    throw invalid_argument("n = ", n, ": a sample has 1 to 2^53 values");
  }
  if (d != d) return d;
  if (d <= 0) return 1;
  if (d >= 1) return 0;
  const auto count = static_cast<double>(n);
  const double nd = count * d;
  if (nd <= 0.5) return 1;
  if (nd <= 1) return n > 140 ? 1.0 : 1 - ruben_gambino_cdf(n, nd);  // n!/n^n < 1e-59 above 140
  if (d >= 0.5 || nd >= count - 1) return smirnov_tail(count, d);

  const double strength = nd * d;
  if (n <= 140 && strength > 4) return smirnov_tail(count, d);
  if (n > 140 && strength >= 370) return 0;  // the tail is denormal from here on
  if (n > 140 && strength >= 2.2) return smirnov_tail(count, d);
  if (strength < 0.023) return 1;  // the cdf is below 1e-17 (largest at n = 43)
  return std::clamp(1 - small_distance_cdf(n, nd, d), 0.0, 1.0);
}

}  // namespace kedge

#include "kedge/sketch/moments.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "kedge/base/error.h"

namespace kedge {
namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

// Half of each first, so that the sum of two large numbers is not infinite.
double middle(double low, double high) { return low / 2 + high / 2; }

// The sum of term(cell), in parts that take turns: a single one would wait for each addition.
template <class Term>
double sum_over(std::size_t cells, const Term& term) {
  constexpr std::size_t kParts = 4;
  double parts[kParts] = {};
  std::size_t cell = 0;
  for (; cell + kParts <= cells; cell += kParts) {
    for (std::size_t part = 0; part < kParts; ++part) parts[part] += term(cell + part);
  }
  for (; cell < cells; ++cell) parts[0] += term(cell);
  return (parts[0] + parts[1]) + (parts[2] + parts[3]);
}

}  // namespace

Moments moments_of(const Histogram& histogram) {
  return moments_of(histogram.cell_counts(), histogram.map().positions());
}

Moments moments_of(std::span<const std::uint64_t> counts, std::span<const double> ends) {
  const auto rows = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  if (rows == 0) return {kNothing, kNothing, kNothing};
  std::vector<double> shares(counts.size());
  for (std::size_t cell = 0; cell < counts.size(); ++cell) {
    shares[cell] =
        static_cast<double>(static_cast<std::int64_t>(counts[cell])) / static_cast<double>(rows);
  }
  Moments moments;
  moments.mean = sum_over(counts.size(), [&](std::size_t cell) {
    return middle(ends[cell], ends[cell + 1]) * shares[cell];
  });
  moments.mean_error = sum_over(counts.size(), [&](std::size_t cell) {
    return (ends[cell + 1] / 2 - ends[cell] / 2) * shares[cell];
  });
  const double variance = sum_over(counts.size(), [&](std::size_t cell) {
    const double off = middle(ends[cell], ends[cell + 1]) - moments.mean;
    return shares[cell] == 0 ? 0 : off * off * shares[cell];  // the square may be infinite
  });
  moments.deviation = std::sqrt(variance);
  return moments;
}

Magnitude magnitude_of(const Histogram& histogram) {
  if (histogram.value_count() == 0) return {kNothing, kNothing};
  const std::vector<std::uint64_t> counts = histogram.cell_counts();
  const std::vector<double> ends = histogram.map().positions();
  const auto rows = static_cast<double>(histogram.value_count());
  const auto share = [&](std::size_t cell) { return static_cast<double>(counts[cell]) / rows; };
  const auto least = [&](std::size_t cell) {
    return std::max({ends[cell], -ends[cell + 1], 0.0});  // 0 where the cell has it inside
  };
  const auto most = [&](std::size_t cell) { return std::max(-ends[cell], ends[cell + 1]); };
  return {
      sum_over(counts.size(), [&](std::size_t i) { return middle(least(i), most(i)) * share(i); }),
      sum_over(counts.size(),
               [&](std::size_t i) { return (most(i) / 2 - least(i) / 2) * share(i); })};
}

ValueRange quantile_of(const Histogram& histogram, double share) {
  if (!(share >= 0 && share <= 1)) {
    throw invalid_argument("share = ", share, " is not from 0 to 1");
  }
  if (histogram.value_count() == 0) return {kNothing, kNothing};
  const std::vector<std::uint64_t> counts = histogram.cell_counts();
  const std::vector<double> ends = histogram.map().positions();
  const double rank =
      std::max(1.0, std::ceil(share * static_cast<double>(histogram.value_count())));
  double seen = 0;
  std::size_t cell = 0;
  while (cell + 1 < counts.size() && (seen += static_cast<double>(counts[cell])) < rank) ++cell;
  return {ends[cell], ends[cell + 1]};
}

}  // namespace kedge

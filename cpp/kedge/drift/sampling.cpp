#include "kedge/drift/sampling.h"

#include <algorithm>
#include <cmath>

#include "kedge/base/math.h"
#include "kedge/evidence/bernoulli.h"

namespace kedge {
namespace {

// The q farthest from p towards `end` for which `allows` is true; all nearer ones are.
template <class Allows>
double farthest(double p, double end, const Allows& allows) noexcept {
  constexpr int kHalvings = 60;
  double inside = p;
  double outside = end;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = inside / 2 + outside / 2;
    (allows(middle) ? inside : outside) = middle;
  }
  return outside;
}

double share_of_rows(std::uint64_t hits, std::uint64_t rows) noexcept {
  return static_cast<double>(hits) / static_cast<double>(rows);
}

}  // namespace

Known widened(double lower, double upper, double error) noexcept {
  return {std::max(0.0, lower - error), std::min(1.0, upper + error)};
}

double share_error(std::uint64_t rows, double alpha) noexcept {
  return std::sqrt(log_of(2 / alpha) / (2 * static_cast<double>(rows)));
}

Known chances_within(double share, double most) noexcept {
  const auto allows = [&](double chance) { return bernoulli_divergence(share, 1, chance) <= most; };
  return {farthest(share, 0, allows), farthest(share, 1, allows)};
}

Known chance_of_event(std::uint64_t hits, std::uint64_t rows, double alpha) noexcept {
  if (rows == 0) return {};
  return chances_within(share_of_rows(hits, rows), log_of(2 / alpha) / static_cast<double>(rows));
}

Known chance_of_name(std::uint64_t hits, std::uint64_t rows, double alpha) noexcept {
  if (rows == 0) return {};
  const double share = share_of_rows(hits, rows);
  const double log_error = log_of(2 / alpha);
  const auto allows = [&](double chance) {
    return static_cast<double>(rows) * bernoulli_divergence(share, 1, chance) <=
           log_error - log_of(chance);
  };
  return {farthest(share, 0, allows), farthest(share, 1, allows)};
}

double total_variation_error(std::uint64_t rows, double roots, double alpha) noexcept {
  const auto n = static_cast<double>(rows);
  const double chance = log_of(2 / alpha);
  const double average = roots / 2 + 2 * chance + std::sqrt(chance * roots);
  return 2 * average / n + std::sqrt(chance / (2 * n));
}

double unseen_share(std::uint64_t rows, std::uint64_t singles, double alpha) noexcept {
  const auto n = static_cast<double>(rows);
  constexpr double kDeviations = 2.4142135623730951;  // sqrt(2) of the estimate, 1 of the share
  return static_cast<double>(singles) / n + kDeviations * std::sqrt(log_of(2 / alpha) / n) + 1 / n;
}

double outside_share(std::uint64_t rows, double alpha) noexcept {
  return (2 * log_of(1 / alpha) + 2) / static_cast<double>(rows);
}

double one_sided_error(std::uint64_t rows, double alpha) noexcept {
  return std::sqrt(log_of(1 / alpha) / (2 * static_cast<double>(rows)));
}

}  // namespace kedge

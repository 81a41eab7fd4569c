#include "kedge/evidence/chance.h"

#include <algorithm>
#include <cmath>

#include "kedge/base/error.h"
#include "kedge/base/gamma.h"
#include "kedge/base/math.h"
#include "kedge/evidence/bernoulli.h"

namespace kedge {
namespace {

constexpr double kLogTwo = 0.693147180559945309417;
constexpr double kLogTwoPi = 1.837877066409345483561;
constexpr int kHalvings = 100;

// Rows of an arm as doubles: real ones, or shares for the growth of one row.
struct Weights {
  double hits;
  double rows;

  double misses() const noexcept { return rows - hits; }
  double chance() const noexcept { return rows > 0 ? hits / rows : 0; }
};

Weights weights_of(ArmCounts counts) noexcept {
  return {static_cast<double>(counts.hits), static_cast<double>(counts.rows)};
}

double divergence_of(Weights arm, double chance) noexcept {
  return bernoulli_divergence(arm.hits, arm.rows, chance);
}

// log Gamma(k + 1/2) less k log k - k + log(2 pi) / 2, which keeps its digits for large k.
double half_stirling_error(double k) noexcept {
  if (k == 0) return -kLogTwo / 2;
  return k * log1pmx(-1 / (2 * k)) + gamma_stirling_error(k - 0.5);
}

// How far the mixture's likelihood is below that of the best chance: about log(rows) / 2.
double regret_of(Weights arm) noexcept {
  if (arm.rows == 0) return 0;
  return (kLogTwoPi + log_of(arm.rows)) / 2 - kLogTwo + stirling_error(arm.rows) -
         half_stirling_error(arm.hits) - half_stirling_error(arm.misses());
}

// Falls and rises as the slope of divergence_of does, for a chance between 0 and 1.
double slope_of(Weights arm, double chance) noexcept {
  return (arm.rows * chance - arm.hits) / (chance * (1 - chance));
}

// The least divergence of both arms from chances on the line a = factor * b + margin: a convex
// function of b, whose slope is brought to zero by halving.
double divergence_from_line(Weights a, Weights b, const ChanceRule& rule) noexcept {
  const auto on_line = [&](double chance_b) {
    return std::clamp(rule.factor * chance_b + rule.margin, 0.0, 1.0);
  };
  double low = std::max(0.0, -rule.margin / rule.factor);
  double high = std::min(1.0, (1 - rule.margin) / rule.factor);
  double middle = low / 2 + high / 2;
  for (int i = 0; i < kHalvings; ++i) {
    const double slope = rule.factor * slope_of(a, on_line(middle)) + slope_of(b, middle);
    (slope < 0 ? low : high) = middle;
    const double next = low / 2 + high / 2;
    if (next == middle) break;
    middle = next;
  }
  return divergence_of(a, on_line(middle)) + divergence_of(b, middle);
}

bool is_above(Weights a, Weights b, const ChanceRule& rule) noexcept {
  return a.chance() > rule.factor * b.chance() + rule.margin;
}
bool is_below(Weights a, Weights b, const ChanceRule& rule) noexcept {
  return a.chance() < rule.factor * b.chance() + rule.margin;
}

// An arm without rows can have any chance, so that it refutes nothing.
double divergence_if(bool is_broken, Weights a, Weights b, const ChanceRule& rule) noexcept {
  const bool is_open = !is_broken || !(a.rows > 0 && b.rows > 0);
  return is_open ? 0 : divergence_from_line(a, b, rule);
}

// The farthest chance from the arm's share towards `end` with less than `most` evidence against it.
double limit_towards(double end, Weights arm, double most) noexcept {
  double inside = arm.chance();
  double outside = end;
  if (divergence_of(arm, end) < most) return end;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = inside / 2 + outside / 2;
    (divergence_of(arm, middle) < most ? inside : outside) = middle;
  }
  return outside;
}

}  // namespace

MeanLimits chance_limits(ArmCounts counts, double alpha) {
  if (!(alpha > 0 && alpha < 1)) {
    throw invalid_argument("alpha = ", alpha, " is not between 0 and 1");
  }
  const Weights arm = weights_of(counts);
  if (arm.rows == 0) return {0, 1};
  const double most = regret_of(arm) - log_of(alpha);
  return {limit_towards(0, arm, most), limit_towards(1, arm, most)};
}

void check_rule(const ChanceRule& rule) {
  if (!(rule.factor > 0) || !std::isfinite(rule.factor)) {
    throw invalid_argument("factor = ", rule.factor, " is not above 0");
  }
  if (!(rule.margin > -rule.factor && rule.margin < 1)) {
    throw invalid_argument("margin = ", rule.margin, " is not between ", -rule.factor, " and 1");
  }
}

double log_evidence_above(ArmCounts a, ArmCounts b, const ChanceRule& rule) noexcept {
  const Weights arm_a = weights_of(a);
  const Weights arm_b = weights_of(b);
  return divergence_if(is_above(arm_a, arm_b, rule), arm_a, arm_b, rule) - regret_of(arm_a) -
         regret_of(arm_b);
}

double log_evidence_below(ArmCounts a, ArmCounts b, const ChanceRule& rule) noexcept {
  const Weights arm_a = weights_of(a);
  const Weights arm_b = weights_of(b);
  return divergence_if(is_below(arm_a, arm_b, rule), arm_a, arm_b, rule) - regret_of(arm_a) -
         regret_of(arm_b);
}

double log_growth_above(double a, double b, double share_of_a, const ChanceRule& rule) noexcept {
  const Weights arm_a = {a * share_of_a, share_of_a};
  const Weights arm_b = {b * (1 - share_of_a), 1 - share_of_a};
  return divergence_if(is_above(arm_a, arm_b, rule), arm_a, arm_b, rule);
}

double log_growth_below(double a, double b, double share_of_a, const ChanceRule& rule) noexcept {
  const Weights arm_a = {a * share_of_a, share_of_a};
  const Weights arm_b = {b * (1 - share_of_a), 1 - share_of_a};
  return divergence_if(is_below(arm_a, arm_b, rule), arm_a, arm_b, rule);
}

}  // namespace kedge

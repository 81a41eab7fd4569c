#include "kedge/quality/parity.h"

#include <algorithm>
#include <limits>

#include "kedge/base/error.h"
#include "kedge/base/math.h"

namespace kedge {
namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

void check(std::size_t groups, double minimum, double alpha, std::optional<std::size_t> reference) {
  if (groups < 2) throw invalid_argument(groups, " groups cannot be compared");
  if (!(minimum > 0 && minimum <= 1)) {
    throw invalid_argument("minimum = ", minimum, " is not above 0 and at most 1");
  }
  if (!(alpha > 0 && alpha < 1)) {
    throw invalid_argument("alpha = ", alpha, " is not between 0 and 1");
  }
  if (reference && *reference >= groups) {
    throw invalid_argument("reference ", *reference, " of ", groups, " groups");
  }
}

double over(double part, double whole) noexcept { return whole > 0 ? part / whole : kNothing; }

double rate_of(ArmCounts arm) noexcept {
  return over(static_cast<double>(arm.hits), static_cast<double>(arm.rows));
}

// A rate of zero has every ratio above some bound open.
double limit_of(double part, double whole) noexcept {
  return whole > 0 ? part / whole : std::numeric_limits<double>::infinity();
}

ParityPair judged(std::span<const ArmCounts> groups, std::span<const MeanLimits> rates,
                  std::size_t low, std::size_t high, double minimum) {
  ParityPair pair{low, high, over(rate_of(groups[low]), rate_of(groups[high])), {}, 0, 0};
  // An upper limit is above 0: nothing refutes all chances near it.
  pair.limits = {rates[low].lower / rates[high].upper,
                 limit_of(rates[low].upper, rates[high].lower)};
  const ChanceRule rule{minimum, 0};
  pair.log_violation = log_evidence_below(groups[low], groups[high], rule);
  pair.log_compliance = log_evidence_above(groups[low], groups[high], rule);
  return pair;
}

ParityVerdict verdict_of(const GroupParity& parity) noexcept {
  const auto is_broken = [&](const ParityPair& pair) {
    return pair.log_violation >= parity.violation_level;
  };
  const auto is_kept = [&](const ParityPair& pair) {
    return pair.log_compliance >= parity.compliance_level;
  };
  if (std::any_of(parity.pairs.begin(), parity.pairs.end(), is_broken)) {
    return ParityVerdict::kViolation;
  }
  const bool all_kept = std::all_of(parity.pairs.begin(), parity.pairs.end(), is_kept);
  return all_kept ? ParityVerdict::kCompliance : ParityVerdict::kNotYetKnown;
}

}  // namespace

GroupParity parity_of(std::span<const ArmCounts> groups, double minimum, double alpha,
                      std::optional<std::size_t> reference, bool is_harm) {
  check(groups.size(), minimum, alpha, reference);
  GroupParity parity;
  const auto count = static_cast<double>(groups.size());
  for (const ArmCounts& group : groups) {
    parity.rates.push_back(chance_limits(group, alpha / count));
  }
  for (std::size_t low = 0; low < groups.size(); ++low) {
    for (std::size_t high = 0; high < groups.size(); ++high) {
      const std::size_t named = is_harm ? low : high;
      if (low == high || (reference && named != *reference)) continue;
      parity.pairs.push_back(judged(groups, parity.rates, low, high, minimum));
    }
  }
  parity.compliance_level = -log_of(alpha);
  parity.violation_level =
      parity.compliance_level + log_of(static_cast<double>(parity.pairs.size()));
  parity.verdict = verdict_of(parity);
  return parity;
}

}  // namespace kedge

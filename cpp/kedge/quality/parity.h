// Do groups fare alike? Rates of groups, held against the rule that no group's rate is below
// `minimum` times another's: violation shown, compliance shown, or not yet known, with promises
// that hold however often one looks.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "kedge/evidence/chance.h"

namespace kedge {

enum class ParityVerdict : std::uint8_t { kNotYetKnown, kViolation, kCompliance };

// The rate of `low` against `minimum` times that of `high`.
struct ParityPair {
  std::size_t low = 0;
  std::size_t high = 0;
  double ratio = 0;  // of the two rates, NaN while one has no rows or `high` no hits
  MeanLimits limits;
  double log_violation = 0;   // evidence that the rule is broken
  double log_compliance = 0;  // evidence that it is kept
};

struct GroupParity {
  ParityVerdict verdict = ParityVerdict::kNotYetKnown;
  std::vector<MeanLimits> rates;  // of all groups together with probability 1 - alpha
  std::vector<ParityPair> pairs;
  double violation_level = 0;   // what log_violation of one pair must reach
  double compliance_level = 0;  // what log_compliance of every pair must
};

// Every ordered pair of groups is judged; with a `reference`, each other group against it, as the
// lower one, or as the higher one where the rate `is_harm`, such as that of false alarms. A
// violation is shown when one pair's evidence reaches pairs / alpha: with probability alpha at most
// when there is none. Compliance is shown when every pair's reaches 1 / alpha: with probability
// alpha at most when some pair breaks the rule. Throws InvalidArgument unless 0 < minimum <= 1 and
// 0 < alpha < 1, there are 2 groups at least, and the reference is one.
GroupParity parity_of(std::span<const ArmCounts> groups, double minimum, double alpha,
                      std::optional<std::size_t> reference, bool is_harm);

}  // namespace kedge

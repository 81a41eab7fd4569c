#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/vector.h>

#include "bindings.h"
#include "kedge/base/error.h"
#include "kedge/evidence/chance.h"
#include "kedge/quality/parity.h"

namespace nb = nanobind;
using namespace nanobind::literals;

namespace kedge {
namespace {

using HitsAndRows = std::pair<std::uint64_t, std::uint64_t>;

ArmCounts arm_of(const HitsAndRows& counts) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 53;
  if (counts.first > counts.second || counts.second > kMost) {
    throw invalid_argument(counts.first, " hits in ", counts.second, " rows, of ", kMost,
                           " at most");
  }
  return {counts.first, counts.second};
}

nb::tuple tuple_of(const MeanLimits& limits) { return nb::make_tuple(limits.lower, limits.upper); }

const char* name_of(ParityVerdict verdict) {
  switch (verdict) {
    case ParityVerdict::kViolation:
      return "violation shown";
    case ParityVerdict::kCompliance:
      return "compliance shown";
    default:
      return "not yet known";
  }
}

nb::dict parity(const std::vector<HitsAndRows>& groups, double minimum, double alpha,
                std::optional<std::size_t> reference, bool is_harm) {
  std::vector<ArmCounts> arms;
  arms.reserve(groups.size());
  for (const HitsAndRows& group : groups) arms.push_back(arm_of(group));
  const GroupParity result = parity_of(arms, minimum, alpha, reference, is_harm);
  nb::list rates;
  for (const MeanLimits& rate : result.rates) rates.append(tuple_of(rate));
  nb::list pairs;
  for (const ParityPair& pair : result.pairs) {
    pairs.append(nb::make_tuple(pair.low, pair.high, pair.ratio, tuple_of(pair.limits),
                                pair.log_violation, pair.log_compliance));
  }
  nb::dict out;
  out["verdict"] = name_of(result.verdict);
  out["rates"] = rates;
  out["pairs"] = pairs;
  out["violation_level"] = result.violation_level;
  out["compliance_level"] = result.compliance_level;
  return out;
}

double evidence_between(const HitsAndRows& a, const HitsAndRows& b, double factor, double margin,
                        bool is_above) {
  const ChanceRule rule{factor, margin};
  check_rule(rule);
  return is_above ? log_evidence_above(arm_of(a), arm_of(b), rule)
                  : log_evidence_below(arm_of(a), arm_of(b), rule);
}

double growth_between(double a, double b, double share, double factor, double margin,
                      bool is_above) {
  const ChanceRule rule{factor, margin};
  check_rule(rule);
  return is_above ? log_growth_above(a, b, share, rule) : log_growth_below(a, b, share, rule);
}

}  // namespace

void bind_parity(nb::module_& m) {
  m.def(
      "chance_limits",
      [](std::uint64_t hits, std::uint64_t rows, double alpha) {
        return tuple_of(chance_limits(arm_of({hits, rows}), alpha));
      },
      "hits"_a, "rows"_a, "alpha"_a,
      nb::sig("def chance_limits(hits: int, rows: int, alpha: float) -> tuple[float, float]"),
      "The chances of a hit that counts leave open, at all times at once.");
  m.def("log_evidence_between", evidence_between, "a"_a, "b"_a, "factor"_a, "margin"_a,
        "is_above"_a,
        "The logarithm of the evidence that a's chance is above factor * b's + margin, or below.");
  m.def("log_growth_between", growth_between, "a"_a, "b"_a, "share_of_a"_a, "factor"_a, "margin"_a,
        "is_above"_a, "How fast that evidence grows for one row when these are the chances.");
  m.def("parity", parity, "groups"_a, "minimum"_a, "alpha"_a, "reference"_a.none(), "is_harm"_a,
        nb::sig("def parity(groups: Sequence[tuple[int, int]], minimum: float, alpha: float, "
                "reference: int | None, is_harm: bool) -> dict[str, typing.Any]"),
        "The hits and rows of groups against the rule that rates differ by little.");
}

}  // namespace kedge

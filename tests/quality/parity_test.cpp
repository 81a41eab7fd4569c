#include "kedge/quality/parity.h"

#include <vector>

#include "check.h"

namespace kedge {

TEST("parity needs rows of every group before compliance is shown") {
  const std::vector<ArmCounts> known = {{4900, 10'000}, {5000, 10'000}};
  CHECK(parity_of(known, 0.8, 0.05, {}, false).verdict == ParityVerdict::kCompliance);
  std::vector<ArmCounts> one_empty = known;
  one_empty.push_back({0, 0});
  const GroupParity open = parity_of(one_empty, 0.8, 0.05, {}, false);
  CHECK(open.verdict == ParityVerdict::kNotYetKnown);
  CHECK(open.rates.back().lower == 0 && open.rates.back().upper == 1);
}

TEST("a violation of one pair is one of all, and a reference leaves the others out") {
  const std::vector<ArmCounts> groups = {{2000, 10'000}, {5000, 10'000}, {4900, 10'000}};
  CHECK(parity_of(groups, 0.8, 0.05, {}, false).pairs.size() == 6);
  CHECK(parity_of(groups, 0.8, 0.05, {}, false).verdict == ParityVerdict::kViolation);
  const GroupParity against = parity_of(groups, 0.8, 0.05, 0, false);
  CHECK(against.pairs.size() == 2);
  CHECK(against.verdict == ParityVerdict::kCompliance);  // the reference has the lowest rate
  CHECK(parity_of(groups, 0.8, 0.05, 0, true).verdict == ParityVerdict::kViolation);
}

TEST("parity refuses what it cannot judge") {
  const std::vector<ArmCounts> groups = {{1, 2}, {1, 2}};
  CHECK_ERROR("1 groups", parity_of(std::span(groups).first(1), 0.8, 0.05, {}, false));
  CHECK_ERROR("minimum = 1.5", parity_of(groups, 1.5, 0.05, {}, false));
  CHECK_ERROR("alpha = 0", parity_of(groups, 0.8, 0, {}, false));
  CHECK_ERROR("reference 2 of 2", parity_of(groups, 0.8, 0.05, 2, false));
}

}  // namespace kedge

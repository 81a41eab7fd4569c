#include "kedge/edge/gate.h"

#include <vector>

#include "allocations.h"
#include "check.h"
#include "kedge/base/random.h"

namespace kedge {
namespace {

using edge::Gate;
using edge::GateBounds;
using edge::GateVerdict;

constexpr std::size_t kCallRows = 8;
constexpr std::uint64_t kMostRows = 200'000;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
const GateBounds kBounds{1000, 86'400, 10'000, 200'000, 200};

// What a candidate says where the live model says so, and the share of calls in which it is slow.
struct Candidate {
  std::function<double(double live, Random& random)> score;
  double slow = 0.05;
};

struct Ending {
  GateVerdict verdict;
  std::uint64_t rows;
  std::string reason;
};

Ending run(const Candidate& candidate, std::uint64_t seed, const GateBounds& bounds = kBounds) {
  Gate gate(bounds, 1, {0, 1});
  Random random(seed);
  std::vector<double> live(kCallRows);
  std::vector<double> other(kCallRows);
  double base = random.uniform();
  while (gate.verdict() == GateVerdict::kNotYet && gate.rows() < kMostRows) {
    for (std::size_t i = 0; i < kCallRows; ++i) {
      // Rows that depend on those before them.
      if (random.below(5) == 0) base = random.uniform();
      live[i] = 0.9 * base * base + 0.1 * random.uniform();
      other[i] = candidate.score(live[i], random);
    }
    const bool is_slow = random.uniform() < candidate.slow;
    gate.add(live, other, 1000, is_slow ? 5000 : 1100);
  }
  return {gate.verdict(), gate.rows(), gate.reason()};
}

double moved(double live, double by) { return live > 0.5 ? live - by : live + by; }

TEST("gate: of a thousand good updates none is reverted, and each is committed") {
  const Candidate good[] = {
      {[](double live, Random&) { return live; }},
      {[](double live, Random& random) { return live + 0.008 * (random.uniform() - 0.5); }},
      // At the bound itself: one row in a hundred is as wrong as can be.
      {[](double live, Random& random) {
        return random.below(60) == 0 ? moved(live, 0.58) : live;
      }},
      {[](double live, Random&) { return moved(live, 0.0099); }, 0.45},
  };
  std::uint64_t committed = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const Ending ending = run(good[seed % std::size(good)], seed);
    committed += ending.verdict == GateVerdict::kCommit;
    if (ending.verdict == GateVerdict::kRevert) CHECK(ending.reason.empty());
  }
  CHECK(committed == 1000);
}

TEST("gate: a candidate that agrees is committed at the rows that were asked for") {
  const Candidate same{[](double live, Random&) { return live; }, 0};
  for (const std::uint64_t rows : {300, 1000, 20'000}) {
    const Ending ending = run(same, rows, {rows, 86'400, 10'000, 200'000, 200});
    CHECK(ending.verdict == GateVerdict::kCommit);
    CHECK(ending.rows >= rows && ending.rows < rows + kCallRows);
  }
  CHECK(run(same, 1, {50, 1, 0, 0, 0}).rows == 56);
}

TEST("gate: every bad candidate is reverted, and the reason names the figure") {
  struct Bad {
    Candidate candidate;
    const char* reason;
    GateBounds bounds = kBounds;
  };
  const GateBounds distance{1000, 86'400, 0, 200'000, 0};
  const Bad bad[] = {
      {{[](double, Random& random) { return random.uniform(); }}, "disagreement: 0."},
      {{[](double live, Random& random) { return random.below(40) == 0 ? kNaN : live; }},
       "number: row "},
      {{[](double live, Random&) { return live * HUGE_VAL; }}, "number: row 1 "},
      {{[](double live, Random&) { return moved(live, 0.035); }}, "disagreement: 0.03"},
      {{[](double live, Random&) { return live; }, 0.95}, "latency: "},
      {{[](double live, Random&) { return live + 0.3; }}, "distance: ", distance},
      {{[](double live, Random&) { return live * 0.3; }}, "distance: ", distance},
      {{[](double, Random&) { return 0.2; }}, "distance: ", distance},
  };
  for (const Bad& kind : bad) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      const Ending ending = run(kind.candidate, seed, kind.bounds);
      CHECK(ending.verdict == GateVerdict::kRevert);
      CHECK(ending.reason.starts_with(kind.reason));
    }
  }
}

TEST("gate: a distance is seen where all scores are one number") {
  for (const double off : {-0.1, 0.1}) {
    Gate gate({100, 60, 0, 200'000, 0}, 1, {0, 1});
    const std::vector<double> live(200, 0.5);
    gate.add(live, std::vector<double>(200, 0.5 + off), 1, 1);
    CHECK(gate.verdict() == GateVerdict::kRevert);
  }
}

TEST("gate: scores of which many are the same may all move a little") {
  Gate gate({400, 60, 0, 100'000, 0}, 1, {0, 1});
  Random random(3);
  std::vector<double> live(4000);
  for (double& score : live) score = random.below(3) * 0.4;
  std::vector<double> candidate = live;
  for (double& score : candidate) score *= 0.98;
  gate.add(live, candidate, 1, 1);
  CHECK(gate.verdict() == GateVerdict::kCommit);
}

TEST("gate: only given times count, and none is too late") {
  Gate gate({50, 60, 0, 0, 150}, 2, {-1, 1});
  const std::vector<double> scores(2, 0.25);
  gate.look(5'000'000'000);
  for (int i = 0; i < 60; ++i) gate.add(scores, scores, 100, 150);
  CHECK(gate.verdict() == GateVerdict::kCommit);
  Gate late({50, 60, 0, 0, 150}, 1, {-1, 1});
  late.look(5'000'000'000);
  late.look(64'999'999'999);
  CHECK(late.verdict() == GateVerdict::kNotYet);
  late.look(65'000'000'000);
  CHECK(late.verdict() == GateVerdict::kRevert);
  CHECK(late.reason() == "time: not shown to be fit within 60 s, by 0 rows");
}

TEST("gate: a live score that is none asks nothing of the candidate") {
  Gate gate({50, 60, 10'000, 10'000, 0}, 1, {0, 1});
  const std::vector<double> live(2000, kNaN);
  gate.add(live, std::vector<double>(2000, 0.5), 1, 1);
  CHECK(gate.verdict() == GateVerdict::kCommit);
}

TEST("gate: a row takes no memory") {
  Gate gate({100'000, 60, 10'000, 10'000, 200}, 3, {0, 1});
  const std::vector<double> scores(3 * 1000, 0.5);
  const std::size_t before = test::allocations();
  gate.add(scores, scores, 1, 1);
  const std::size_t taken = test::allocations() - before;
  CHECK(taken == 0);
}

TEST("gate: bounds that are none are refused by name") {
  CHECK_ERROR("gate.rows = 49", Gate({49, 1, 0, 0, 0}, 1, {0, 1}));
  CHECK_ERROR("gate.seconds = 0", Gate({50, 0, 0, 0, 0}, 1, {0, 1}));
  CHECK_ERROR("gate.distance_ppm = 1000000", Gate({50, 1, 0, 1'000'000, 0}, 1, {0, 1}));
  CHECK_ERROR("0 outputs", Gate(kBounds, 0, {0, 1}));
  CHECK_ERROR("1 outputs from 2 to 2", Gate(kBounds, 1, {2, 2}));
}

}  // namespace
}  // namespace kedge

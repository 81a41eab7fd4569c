#include "kedge/drift/rank_sums.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "check.h"
#include "kedge/arrow/build.h"
#include "kedge/base/math.h"
#include "kedge/base/random.h"
#include "kedge/drift/score_bets.h"
#include "kedge/sketch/profile.h"

namespace kedge {
namespace {

std::vector<double> steps_of(bool spread) {
  std::vector<double> steps;
  for (std::uint32_t i = 0; i < kMostCuts; ++i) {
    const double sign = spread && i < kMostCuts / 2 ? -2 : 1;
    steps.push_back(sign / (kMostCuts + 1));
  }
  return steps;
}

TEST("the rank of a cut is rounded up, whatever the number of rows") {
  for (const std::uint64_t rows : {33ull, 34ull, 65ull, 1000ull, (1ull << 53) - 1}) {
    for (std::size_t i = 1; i <= kMostCuts; ++i) {
      const std::uint64_t rank = rank_of_cut(rows, i);
      const auto over = static_cast<std::int64_t>(rank * 33 - rows * i);  // modulo 2^64
      CHECK(over >= 0 && over < 33);
    }
  }
}

TEST("sums of order statistics are below their bound as rarely as it says, and not never") {
  Random random(7);
  constexpr std::uint64_t kRows = 150;
  constexpr int kRuns = 1500;
  const double log_error = -log_of(0.1);
  for (const bool spread : {false, true}) {
    const std::vector<double> steps = steps_of(spread);
    const double bound = least_rank_sum(steps, kRows, log_error);
    int below = 0;
    int far = 0;
    const double apart = most_between_ranks(4, kRows, log_error);
    for (int run = 0; run < kRuns; ++run) {
      std::vector<double> values(kRows);
      for (double& value : values) value = random.uniform();
      std::sort(values.begin(), values.end());
      double sum = 0;
      bool is_far = false;
      for (std::size_t i = 0; i < kMostCuts; ++i) {
        const std::uint64_t rank = rank_of_cut(kRows, i + 1);
        sum += steps[i] * values[rank - 1];
        is_far = is_far || (rank + 4 <= kRows && values[rank + 3] - values[rank - 1] > apart);
      }
      below += sum < bound ? 1 : 0;
      far += is_far ? 1 : 0;
    }
    CHECK(below <= 0.1 * kRuns + 3 * std::sqrt(0.09 * kRuns));
    CHECK(below >= 0.005 * kRuns);
    CHECK(far <= 0.1 * kRuns);
  }
}

Batch batch_of(Random& random, int rows, int kind) {
  std::vector<double> values;
  for (int i = 0; i < rows; ++i) {
    const double even = random.uniform();
    const double tied = std::floor(12 * even * even);
    values.push_back(kind == 0 ? even : kind == 1 ? tied : std::max(0.4, even));
  }
  BatchBuilder batch;
  batch.add("x", values);
  return batch.finish();
}

// The largest mean of a bet's factor over the rows.
double largest_mean(const ScoreBets& bets, std::span<const Event> cuts,
                    const std::vector<std::uint64_t>& counted) {
  std::vector<double> logs(bets.size());
  std::vector<double> sums(bets.size());
  const std::vector<std::uint64_t> none(counted.size());
  std::uint64_t seen = 0;
  for (std::size_t part = 0; part <= cuts.size(); ++part) {
    std::vector<std::uint64_t> one(counted.size());
    for (std::size_t cut = part; cut < cuts.size(); ++cut) one[cuts[cut].hits] = 1;
    one[cuts[0].rows] = 1;
    bets.log_factors(none, one, 1, logs);
    const std::uint64_t up_to = counted[part < cuts.size() ? cuts[part].hits : cuts[0].rows];
    for (std::size_t i = 0; i < sums.size(); ++i) {
      sums[i] += static_cast<double>(up_to - seen) * std::exp(logs[i]);
    }
    seen = up_to;
  }
  const double most = sums.empty() ? 0 : *std::max_element(sums.begin(), sums.end());
  return most / static_cast<double>(counted[cuts[0].rows]);
}

TEST("no bet gains from the reference's own population, but as rarely as is said") {
  Random random(8);
  constexpr double kAlpha = 0.9;
  constexpr int kReferences = 120;
  for (int kind = 0; kind < 3; ++kind) {
    const Batch population = batch_of(random, 20'000, kind);
    int gains = 0;
    int wrong = 0;
    for (int run = 0; run < kReferences; ++run) {
      const Batch batch = batch_of(random, 400, kind);
      const Profile reference = Profile::of(batch.schema, {&batch, 1}, {});
      const ColumnTallies tallies(reference.columns()[0], kAlpha);
      std::vector<std::uint64_t> sample(tallies.size());
      std::vector<std::uint64_t> truth(tallies.size());
      tallies.read(reference.columns()[0], sample);
      Profile all = reference.like();
      all.update(population);
      tallies.read(all.columns()[0], truth);
      std::vector<Event> cuts;
      for (const Event& event : tallies.events()) {
        if (event.kind == EventKind::kValueCut) cuts.push_back(event);
      }
      const ScoreBets bets(cuts, sample, 0, tallies.cut_error());
      gains += largest_mean(bets, cuts, truth) > 1 ? 1 : 0;
      bool is_wrong = false;
      for (const Event& cut : cuts) {
        const double share =
            static_cast<double>(truth[cut.hits]) / static_cast<double>(truth[cut.rows]);
        is_wrong = is_wrong || share < cut.reference.at_least || share > cut.reference.at_most;
      }
      wrong += is_wrong ? 1 : 0;
    }
    const double most = kAlpha / 3 * kReferences;
    CHECK(gains <= most + 3 * std::sqrt(most));
    CHECK(wrong <= most + 3 * std::sqrt(most));
  }
}

}  // namespace
}  // namespace kedge

#include "selftest_quality.h"

#include <vector>

#include "kedge/arrow/build.h"
#include "kedge/base/random.h"
#include "kedge/decide/canary.h"
#include "kedge/decide/shadow.h"
#include "kedge/quality/calibration.h"
#include "kedge/quality/curves.h"
#include "kedge/quality/parity.h"

namespace kedge {
namespace {

constexpr int kRows = 4000;

struct Seeded {
  Batch batch;
  std::vector<double> scores;
  std::vector<double> targets;
};

Seeded seeded_predictions() {
  Random random(77);
  Seeded rows;
  std::vector<double> numbers;
  std::vector<double> rests;
  std::vector<bool> decisions;
  std::vector<std::string> names;
  for (int i = 0; i < kRows; ++i) {
    const double even = random.uniform();
    const double score = i % 50 == 0 ? 0.5 : even * even * even;
    rows.scores.push_back(score);
    rests.push_back(1 - score);
    rows.targets.push_back(random.uniform() < score ? 1 : 0);
    numbers.push_back(1e6 * (random.uniform() - 0.5));
    decisions.push_back(random.uniform() < 0.3);
    names.emplace_back(1, static_cast<char>('a' + random.below(4)));
  }
  BatchBuilder builder;
  builder.add("score", rows.scores);
  builder.add("target", rows.targets);
  builder.add("rest", rests);
  builder.add("number", numbers);
  builder.add("decision", decisions);
  builder.add("name", names);
  rows.batch = builder.finish();
  return rows;
}

QualitySpec spec_of(QualityKind kind, std::string prediction, std::string target) {
  QualitySpec spec;
  spec.kind = kind;
  spec.prediction = std::move(prediction);
  spec.target = std::move(target);
  spec.part_column = "name";
  spec.part_values = {"a", "b", "c"};
  if (kind == QualityKind::kClasses) spec.classes = {"a", "b"};
  if (kind == QualityKind::kRegression) spec.quantiles = {0.1, 0.9};
  if (kind == QualityKind::kCalibration) spec.bins = 10;
  return spec;
}

QualityCounts counted(const Batch& batch, const QualitySpec& spec, Digest& digest) {
  QualityCounts counts(spec);
  counts.update(batch);
  digest.add(counts.to_bytes());
  for (const ExactTotal& sum : counts.total().sums) digest.add(sum.value());
  return counts;
}

void add_area(const BoundedArea& area, Digest& digest) {
  for (const double value : {area.value, area.at_least, area.at_most}) digest.add(value);
}

void add_parity(const QualityCounts& counts, Digest& digest) {
  std::vector<ArmCounts> groups;
  for (std::size_t i = 0; i + 1 < counts.part_count(); ++i) {
    const std::vector<std::uint64_t>& cells = counts.part(i).counts;
    groups.push_back(
        {cells[kDecided + 1] + cells[kDecided + 3],
         cells[kDecided] + cells[kDecided + 1] + cells[kDecided + 2] + cells[kDecided + 3]});
  }
  const GroupParity parity = parity_of(groups, 0.8, 0.05, {}, false);
  for (const ParityPair& pair : parity.pairs) {
    for (const double value : {pair.ratio, pair.limits.lower, pair.limits.upper, pair.log_violation,
                               pair.log_compliance}) {
      digest.add(value);
    }
  }
}

}  // namespace

void add_quality(Digest& digest) {
  const Seeded rows = seeded_predictions();
  const Areas areas = areas_of(
      counted(rows.batch, spec_of(QualityKind::kBinary, "score", "target"), digest).total());
  add_area(areas.roc, digest);
  add_area(areas.precision, digest);
  counted(rows.batch, spec_of(QualityKind::kClasses, "name", "name"), digest);
  counted(rows.batch, spec_of(QualityKind::kRegression, "number", "score"), digest);
  QualitySpec weighted = spec_of(QualityKind::kRegression, "number", "score");
  weighted.weight = "rest";
  counted(rows.batch, weighted, digest);
  QualitySpec shares = spec_of(QualityKind::kClasses, "name", "name");
  shares.probabilities = {"rest", "score"};
  counted(rows.batch, shares, digest);
  digest.add(expected_roc_area(
      counted(rows.batch, spec_of(QualityKind::kEstimate, "score", ""), digest).total()));
  add_parity(counted(rows.batch, spec_of(QualityKind::kFairness, "decision", "target"), digest),
             digest);
  Calibration calibration(spec_of(QualityKind::kCalibration, "score", "target"));
  calibration.update(rows.batch);
  digest.add(calibration.to_bytes());
  Shadow shadow(1, 0.01, 0.05);
  shadow.update(rows.targets, rows.scores);
  digest.add(shadow.to_bytes());
  digest.add(shadow.decision().rows_needed);
  Canary canary({CanaryRule{}});
  for (std::size_t i = 0; i < rows.targets.size(); ++i) {
    canary.add(0, i % 9 == 0, rows.targets[i] != 0);
  }
  canary.look();
  digest.add(canary.to_bytes());
  digest.add(canary.decision().rows_needed);
}

}  // namespace kedge

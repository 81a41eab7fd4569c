#include <cmath>
#include <vector>

#include "check.h"
#include "kedge/arrow/build.h"
#include "kedge/base/hash.h"
#include "kedge/base/random.h"
#include "kedge/drift/auc.h"
#include "kedge/drift/classifier.h"
#include "kedge/drift/eigen.h"
#include "kedge/drift/feature_bins.h"
#include "kedge/drift/principal.h"
#include "kedge/sketch/row_slot.h"

namespace kedge {
namespace {

// Three columns; the middle one goes with the first by `together`.
Batch seeded_rows(std::uint64_t seed, std::size_t rows, double together) {
  Random random(seed);
  std::vector<double> a, b;
  std::vector<std::string> c;
  for (std::size_t row = 0; row < rows; ++row) {
    a.push_back(random.uniform());
    b.push_back(random.uniform() < together ? a.back() : random.uniform());
    c.push_back(std::string(random.below(5), 'c'));
  }
  BatchBuilder batch;
  batch.add("a", a);
  batch.add("b", b);
  batch.add("c", c);
  return batch.finish();
}

Batch slice(const Batch& batch, std::size_t start, std::size_t rows) {
  Batch part = batch;
  part.length = rows;
  for (Column& column : part.columns) {
    column.offset += start;
    column.length = rows;
  }
  return part;
}

std::uint64_t digest_of(const ClassifierResult& found, const PrincipalResult& errors) {
  Digest digest;
  for (const double number :
       {found.auc, found.at_least, found.at_most, found.pvalue, errors.explained,
        errors.reference_error, errors.current_error, errors.change_deviation, errors.lower,
        errors.upper, errors.population.at_least}) {
    digest.add(number);
  }
  for (const Importance& part : found.importance) digest.add(part.share);
  return digest.value();
}

struct Tests {
  explicit Tests(const Profile& profile) : classifier(profile), principal(profile) {}
  ClassifierTest classifier;
  PrincipalTest principal;

  void add(const Batch& batch, bool is_current) {
    if (is_current) {
      classifier.add_current(batch);
      principal.add_current(batch);
    } else {
      classifier.add_reference(batch);
      principal.add_reference(batch);
    }
  }
  std::uint64_t digest() const {
    return digest_of(classifier.result(0.05, 0.99), principal.result(0.8, 0.99));
  }
};

}  // namespace

TEST("the sides' rows count, not how they were split or which side came first") {
  const Batch before = seeded_rows(1, 90'000, 0.5);
  const Batch after = seeded_rows(2, 40'000, 0.4);
  const Profile profile = Profile::of(before.schema, {&before, 1}, {});
  Tests whole(profile);
  whole.add(before, false);
  whole.add(after, true);
  Tests split(profile);
  Random random(3);
  std::size_t from[2] = {0, 0};
  while (from[0] < before.length || from[1] < after.length) {
    const bool is_current = random.below(2) == 1;
    const Batch& side = is_current ? after : before;
    const std::size_t rows =
        std::min<std::size_t>(random.below(9'000), side.length - from[is_current]);
    split.add(slice(side, from[is_current], rows), is_current);
    from[is_current] += rows;
  }
  CHECK(whole.digest() == split.digest());
}

TEST("equal populations raise fewer alarms than promised, a broken pair is named first") {
  const Batch first = seeded_rows(4, 2'000, 0.5);
  const Profile profile = Profile::of(first.schema, {&first, 1}, {});
  constexpr int kRuns = 120;
  int alarms = 0;
  int apart = 0;
  int found = 0;
  for (std::uint64_t seed = 0; seed < kRuns; ++seed) {
    for (const double together : {0.5, 0.0}) {
      Tests tests(profile);
      tests.add(seeded_rows(100 + seed, 1'500, 0.5), false);
      tests.add(seeded_rows(900 + seed, 1'000, together), true);
      const ClassifierResult result = tests.classifier.result(0, 0.9);
      if (together == 0) {
        found += result.verdict == "yes" && result.importance.front().name == "a x b";
      } else {
        alarms += result.verdict == "yes";
        apart += tests.principal.result(0.6, 0.9).population.at_least > 0;
      }
    }
  }
  // One in ten is promised; twenty-two of 120 would be more than three deviations beyond it.
  CHECK(alarms < 22 && apart < 22);
  CHECK(found >= kRuns * 95 / 100);
}

TEST("every row has the slot that the profile counts it in") {
  const Batch batch = seeded_rows(5, 3'000, 0.5);
  ProfileOptions options;
  options.max_categories = 3;
  options.cells = 64;
  const Profile profile = Profile::of(batch.schema, {&batch, 1}, options);
  for (std::size_t i = 0; i < 3; ++i) {
    const ColumnProfile& column = profile.columns()[i];
    std::vector<std::uint64_t> counts(row_slots(column));
    for (std::size_t row = 0; row < batch.length; ++row) {
      ++counts[row_slot(column, batch.columns[i], row)];
    }
    for (std::uint32_t slot = 0; slot < counts.size(); ++slot) {
      const auto* numbers = std::get_if<Histogram>(&column.counts);
      CHECK(counts[slot] == (numbers ? numbers->slot_count(slot)
                                     : std::get<Categories>(column.counts).slot_count(slot)));
    }
  }
}

TEST("bins are even, and a rare name goes with the rest") {
  const Batch batch = seeded_rows(6, 20'000, 0);
  const Profile profile = Profile::of(batch.schema, {&batch, 1}, {});
  const ColumnProfile& numbers = profile.columns()[0];
  std::vector<double> shares(row_slots(numbers));
  for (std::size_t row = 0; row < batch.length; ++row) {
    shares[row_slot(numbers, batch.columns[0], row)] += 1.0 / 20'000;
  }
  const FeatureBins bins = feature_bins(numbers, shares, 0);
  CHECK(bins.codes() == kFineBins + 1);
  std::vector<double> inside(bins.codes());
  for (std::size_t slot = 0; slot < shares.size(); ++slot) inside[bins.fine[slot]] += shares[slot];
  for (std::uint32_t bin = 0; bin + 2 < bins.codes(); ++bin) {
    CHECK(std::fabs(inside[bin] - 1.0 / kFineBins) < 0.002);
  }
  CHECK(inside.back() == 0 && bins.coarse.back() == kCoarseCodes - 1);

  const FeatureBins names = feature_bins(
      profile.columns()[2], std::vector<double>{0.4, 0.3, 0.2, 0.09, 0.01, 0, 0}, 0.05);
  CHECK(names.codes() == 6 && names.fine == std::vector<std::uint8_t>{0, 1, 2, 3, 4, 4, 5});
}

TEST("eigenvectors are orthogonal and give the matrix back") {
  Random random(7);
  for (const std::size_t n : {1u, 2u, 3u, 12u, 40u}) {
    std::vector<std::vector<double>> matrix(n, std::vector<double>(n));
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j <= i; ++j) matrix[i][j] = matrix[j][i] = random.uniform() - 0.5;
    }
    const Eigen eigen = eigen_of(matrix);
    for (std::size_t i = 0; i < n; ++i) {
      CHECK(i == 0 || eigen.values[i - 1] >= eigen.values[i]);
      for (std::size_t j = 0; j < n; ++j) {
        double entry = 0;
        double product = 0;
        for (std::size_t k = 0; k < n; ++k) {
          entry += eigen.values[k] * eigen.vectors[k][i] * eigen.vectors[k][j];
          product += eigen.vectors[i][k] * eigen.vectors[j][k];
        }
        CHECK(std::fabs(entry - matrix[i][j]) < 1e-12);
        CHECK(std::fabs(product - (i == j)) < 1e-12);
      }
    }
  }
}

TEST("a batch that does not fit is refused by name and nothing is taken") {
  const Batch batch = seeded_rows(8, 100, 0);
  const Profile profile = Profile::of(batch.schema, {&batch, 1}, {});
  Tests tests(profile);
  BatchBuilder other;
  other.add("a", std::vector<double>{1});
  const Batch lacking = other.finish();
  CHECK_ERROR("there is no column \"b\"", tests.classifier.add_current(lacking));
  CHECK_ERROR("there is no column \"b\"", tests.principal.add_current(lacking));
  CHECK(tests.classifier.result(0, 0.9).current_rows == 0);
  CHECK_ERROR("explained = 1 is not from 0.5", tests.principal.result(1, 0.9));
  CHECK_ERROR("the profile has 0 columns", ClassifierTest{Profile()});
}

}  // namespace kedge

#include "kedge/score/conditions.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "check.h"
#include "kedge/base/bits.h"
#include "kedge/base/random.h"
#include "kedge/base/text.h"
#include "kedge/score/condition_text.h"
#include "score/matrices.h"
#include "score/random_forest.h"

namespace kedge {
namespace {

using test::ForestShape;

// Leaves that tell every way through the trees apart by the score.
Forest telling_forest(const ForestShape& shape, std::uint64_t seed) {
  Forest forest = test::random_forest(shape, seed);
  Random random(seed);
  forest.sums_float32 = false;
  forest.divisor = forest.scale = 1;
  std::ranges::fill(forest.start, 0.0);
  std::ranges::fill(forest.bias, 0.0);
  for (Tree& tree : forest.trees) {
    for (double& leaf : tree.leaves) leaf = random.uniform();
  }
  return forest;
}

// One row, of which a value is replaced.
class Changed {
 public:
  Changed(const Forest& forest, const double* row)
      : forest_(forest), row_(row, row + forest.features.size()), own_(scores()) {}

  // Whether the score stays with another value.
  bool is_same(std::size_t feature, double value, std::size_t output) {
    const double before = std::exchange(row_[feature], value);
    const std::vector<double> found = scores();
    row_[feature] = before;
    return test::same_bits(found[output], own_[output]);
  }

 private:
  std::vector<double> scores() const {
    std::vector<double> out(forest_.outputs);
    plain_scores(forest_, row_, out);
    return out;
  }

  const Forest& forest_;
  std::vector<double> row_;
  std::vector<double> own_;
};

bool fulfils(const Condition& condition, const CategorySet& set, double value) {
  if (std::isnan(value)) return condition.or_missing;
  if (condition.is_missing) return false;
  if (condition.has_categories) {
    const bool is_listed = std::ranges::any_of(
        set.categories, [&](std::uint32_t category) { return category == value; });
    if (is_listed == set.is_outside) return false;
  }
  return condition.low <= value && value <= condition.high;
}

// Whole numbers are categories by any rule; what else is, its rule says.
bool is_plain(double value) {
  return std::isnan(value) || (value >= 0 && value < 1e9 && value == std::floor(value));
}

std::vector<double> candidates(const Forest& forest, const Condition& condition,
                               const CategorySet& set, const std::vector<double>& rows,
                               std::size_t feature) {
  std::vector<double> values;
  for (std::size_t i = feature; i < rows.size(); i += forest.features.size()) {
    const double value = forest.reads_float32 ? double{static_cast<float>(rows[i])} : rows[i];
    if (!condition.has_categories || is_plain(value)) values.push_back(value);
  }
  if (condition.has_categories) {
    for (const std::uint32_t category : set.categories) values.push_back(category);
    return values;
  }
  values.push_back(condition.low);
  values.push_back(condition.high);
  return values;
}

double beyond(double end, bool is_float32) {
  return is_float32 ? double{next_down(static_cast<float>(end))} : next_down(end);
}

class Trial {
 public:
  Trial(const char* name, const Forest& forest, const std::vector<double>& rows)
      : name_(name), forest_(forest), rows_(rows), conditions_(quantize(forest)) {}

  void row(std::size_t row) {
    const double* values = rows_.data() + row * forest_.features.size();
    Changed changed(forest_, values);
    MetConditions met = conditions_.none();
    std::vector<std::uint32_t> codes(conditions_.slots());
    conditions_.codes(rows_of(rows_, forest_.features.size()), row, codes.data());
    for (std::size_t k = 0; k < forest_.outputs; ++k) {
      conditions_.meet(codes.data(), k, met);
      for (std::size_t j = 0; j < forest_.features.size(); ++j)
        feature(met, j, values[j], k, changed);
    }
  }

 private:
  void feature(const MetConditions& met, std::size_t j, double value, std::size_t output,
               Changed& changed) {
    Condition condition;
    std::vector<std::uint32_t> words(conditions_.most_words());
    const bool is_asked = conditions_.read(met, j, value, condition, words.data());
    const CategorySet set =
        condition.has_categories ? conditions_.categories(j, words.data()) : CategorySet();
    for (const double other : candidates(forest_, condition, set, rows_, j)) {
      const bool holds = !is_asked || fulfils(condition, set, other);
      const bool is_same = changed.is_same(j, other, output);
      if (holds) expect(is_same, j, "fulfils", other);
      const bool is_told = condition.has_categories && !condition.has_numbers;
      if (is_told && !condition.is_missing && !holds) expect(!is_same, j, "does not fulfil", other);
    }
    if (!is_asked || condition.is_missing || condition.has_categories) return;
    const bool is_float32 = forest_.reads_float32;
    expect(fulfils(condition, set, condition.value), j, "own", value);
    if (condition.low > -HUGE_VAL) {
      const double below = beyond(condition.low, is_float32);
      expect(!changed.is_same(j, below, output), j, "below", below);
    }
    if (condition.high < HUGE_VAL) {
      const double above = -beyond(-condition.high, is_float32);
      expect(!changed.is_same(j, above, output), j, "above", above);
    }
  }

  void expect(bool holds, std::size_t feature, const char* what, double value) const {
    test::report(holds, __FILE__, __LINE__,
                 text(name_, ", feature ", feature, ": ", what, " ", value));
  }

  const char* name_;
  const Forest& forest_;
  const std::vector<double>& rows_;
  Conditions conditions_;
};

}  // namespace

TEST("values that fulfil a condition score the same, and next to its ends none does") {
  for (const ForestShape& shape : test::forest_shapes()) {
    if (shape.is_linear || shape.features > 40) continue;
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      const Forest forest = telling_forest(shape, seed);
      const std::vector<double> rows = test::random_rows(forest, 12, seed + 1);
      Trial trial(shape.name, forest, rows);
      for (std::size_t row = 0; row < 3; ++row) trial.row(row);
    }
  }
}

TEST("conditions read as people write them") {
  const Feature income{"income", FeatureKind::kNumber, {}};
  const Feature country{"country", FeatureKind::kCategory, {"DE", "FR", "US"}};
  const auto number = [&](double low, double value, double high, bool is_float32 = false) {
    Condition condition;
    condition.has_numbers = true;
    condition.low = low;
    condition.value = value;
    condition.high = high;
    return condition_text(income, condition, {}, is_float32);
  };
  CHECK(number(-HUGE_VAL, 5, 31200) == "income <= 31200");
  CHECK(number(next_up(31200), 5e4, HUGE_VAL) == "income > 31200");
  CHECK(number(next_up(2), 3, next_down(4.0)) == "2 < income < 4");
  CHECK(number(5, 5, 5) == "income = 5");
  CHECK(number(next_up(kZeroBound), 5, HUGE_VAL) == "income > 0");
  CHECK(number(-kZeroBound, 0, kZeroBound) == "income = 0");
  CHECK(number(-HUGE_VAL, 0, double{next_down(0.1F)}, true) == "income < 0.1");
  CHECK(number(-HUGE_VAL, 5, HUGE_VAL) == "income not missing");
  Condition one;
  one.has_categories = true;
  one.value = 2;
  CHECK(condition_text(country, one, {false, {0, 2}}, false) == "country in {DE, US}");
  CHECK(condition_text(country, one, {true, {0, 7}}, false) == "country not in {DE, 7}");
  CHECK(condition_text(country, one, {true, {0}}, false) == "country != DE");
  CHECK(condition_text(country, one, {false, {2}}, false) == "country = US");
  std::vector<std::uint32_t> many(30);
  CHECK(condition_text(country, one, {false, many}, false) == "country = US or 29 like it");
  CHECK(condition_text(country, one, {true, many}, false) == "country = US or others like it");
  one.is_missing = true;
  CHECK(condition_text(country, one, {}, false) == "country missing");
}

}  // namespace kedge

#include "kedge/score/background.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "check.h"
#include "kedge/base/text.h"
#include "kedge/score/model.h"
#include "score/covers.h"
#include "score/matrices.h"
#include "score/random_forest.h"

namespace kedge {
namespace {

using test::ForestShape;
using test::Layout;
using test::Matrix;

Forest forest_of(const ForestShape& shape, std::uint64_t seed) {
  Forest forest = test::random_forest(shape, seed);
  test::bound_leaves(forest);
  return forest;
}

std::vector<double> explained(const Background& background, const Rows& rows, std::size_t width) {
  std::vector<double> values(rows.count * width);
  background.explain(rows, values.data());
  return values;
}

TEST("against a background, contributions and base are the score") {
  for (const ForestShape& shape : test::forest_shapes()) {
    if (shape.is_linear) continue;
    const Forest forest = forest_of(shape, 3);
    const std::size_t features = forest.features.size();
    const std::vector<double> values = test::random_rows(forest, 70, 4);
    const Matrix<double> sample(test::random_rows(forest, 67, 5), features, Layout::kByColumn);
    const Matrix<double> rows(values, features, Layout::kByRow);
    const Background background(quantize(forest), sample.rows);
    const auto phi = explained(background, rows.rows, forest.outputs * features);
    std::vector<double> scores(70 * forest.outputs);
    plain_scores(forest, values, scores);
    double most = 0;
    for (std::size_t i = 0; i < scores.size(); ++i) {
      double sum = background.base()[i % forest.outputs];
      for (std::size_t j = 0; j < features; ++j) sum += phi[i * features + j];
      most = std::max(most, std::fabs(sum - scores[i]));
    }
    const double off = most / test::largest_score(forest);
    test::report(off < 1e-12, __FILE__, __LINE__, text(shape.name, ": sums off by ", off));
  }
}

TEST("against a background, a row's explanation does not depend on the rows around it") {
  for (const ForestShape& shape : test::forest_shapes()) {
    if (shape.is_linear) continue;
    const Forest forest = forest_of(shape, 5);
    const std::size_t features = forest.features.size();
    const std::size_t width = forest.outputs * features;
    const Matrix<double> sample(test::random_rows(forest, 20, 5), features, Layout::kByRow);
    const Matrix<double> rows(test::random_rows(forest, 531, 6), features, Layout::kByRow);
    const Background background(quantize(forest), sample.rows);
    const auto whole = explained(background, rows.rows, width);
    for (const std::size_t count : {1, 7, 8, 64, 65, 513}) {
      const std::size_t first = 531 - count;
      const auto part = explained(background, rows.rows.from(first, count), width);
      const bool is_same =
          std::equal(part.begin(), part.end(),
                     whole.begin() + static_cast<std::ptrdiff_t>(first * width), test::same_bits);
      test::report(is_same, __FILE__, __LINE__, text(shape.name, ", ", count, " rows"));
    }
  }
}

TEST("what cannot be explained against a background is refused by name") {
  const ForestShape chain{.name = "chain",
                          .features = 400,
                          .trees = 1,
                          .most_leaves = 300,
                          .is_exact = true,
                          .is_chain = true};
  const Forest forest = forest_of(chain, 1);
  const Matrix<double> sample(test::random_rows(forest, 2, 5), 400, Layout::kByRow);
  CHECK_ERROR("more than 64 features on one path", Background(quantize(forest), sample.rows));
  CHECK_ERROR("background of 0 rows", Background(quantize(forest), sample.rows.from(0, 0)));
}

TEST("a tree and a sample that are too large together are refused by name") {
  const Forest forest = forest_of(test::large_forest_shapes().front(), 1);
  const Matrix<double> sample(test::random_rows(forest, 300, 5), forest.features.size(),
                              Layout::kByRow);
  CHECK_ERROR("words; 16777216 at most", Background(quantize(forest), sample.rows));
}

}  // namespace
}  // namespace kedge

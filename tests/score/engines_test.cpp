#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "check.h"
#include "kedge/base/cpu.h"
#include "kedge/base/text.h"
#include "kedge/kernels/tree_mask.h"
#include "kedge/model/quantize.h"
#include "kedge/score/engine.h"
#include "score/matrices.h"
#include "score/random_forest.h"

namespace kedge {
namespace {

using test::ForestShape;
using test::Layout;
using test::Matrix;

constexpr std::size_t kCounts[] = {0, 1, 7, 8, 15, 16, 63, 64, 65, 200};
constexpr std::size_t kMostRows = 200;
constexpr std::size_t kLayoutRows = 65;  // other layouts than the first: a block and one row

std::vector<double> scores_of(const Forest& forest, const std::vector<double>& rows) {
  std::vector<double> scores(rows.size() / forest.features.size() * forest.outputs);
  plain_scores(forest, rows, scores);
  return scores;
}

// Behind the scores is one that must stay as it is.
template <class Sum>
bool gives(const Engine& engine, const Rows& rows, std::size_t outputs,
           const std::vector<double>& wanted) {
  constexpr Sum kUntouched = 77;
  const std::size_t count = rows.count * outputs;
  std::vector<Sum> scores(count + 1, kUntouched);
  engine.score(rows, scores.data());
  return scores.back() == kUntouched &&
         std::equal(scores.begin(), scores.end() - 1, wanted.begin(), test::same_bits);
}

struct Case {
  const ForestShape& shape;
  std::uint64_t seed;
  const Forest& forest;
  std::string_view engine_name;
  const Engine& engine;
};

template <class Value>
void check_rows(const Case& at, const std::vector<double>& rows) {
  const std::size_t width = at.forest.features.size();
  const std::vector<double> wanted = scores_of(at.forest, rows);
  for (const std::size_t count : kCounts) {
    const std::vector<double> part(rows.begin(),
                                   rows.begin() + static_cast<std::ptrdiff_t>(count * width));
    for (const Layout layout : test::kLayouts) {
      if (layout != test::kLayouts[0] && count != kLayoutRows) continue;
      const Matrix<Value> matrix(part, width, layout);
      const std::size_t outputs = at.forest.outputs;
      const bool is_same = at.forest.sums_float32
                               ? gives<float>(at.engine, matrix.rows, outputs, wanted)
                               : gives<double>(at.engine, matrix.rows, outputs, wanted);
      test::report(
          is_same, __FILE__, __LINE__,
          text("engine ", at.engine_name, ", shape ", at.shape.name, ", seed ", at.seed, ", ",
               count, " rows of ", sizeof(Value), " bytes, layout ", static_cast<int>(layout)));
    }
  }
}

void check_engines(const ForestShape& shape, std::uint64_t seed) {
  const Forest forest = test::random_forest(shape, seed);
  check(forest);
  const RankedForest ranked = quantize(forest);
  check(ranked);
  const std::vector<double> rows = test::random_rows(forest, kMostRows, seed + 1);
  std::vector<double> narrow;
  for (const double value : rows) narrow.push_back(double{static_cast<float>(value)});
  for (const EngineRow& row : engines()) {
    if (!row.can_serve(ranked)) continue;
    const std::unique_ptr<Engine> engine = row.make(ranked);
    const Case at{shape, seed, forest, row.name, *engine};
    check_rows<double>(at, rows);
    check_rows<float>(at, narrow);
  }
}

}  // namespace

TEST("every engine gives the bits of plain_scores for every forest, row count and layout") {
  for (const ForestShape& shape : test::forest_shapes()) {
    for (std::uint64_t seed = 1; seed <= 2; ++seed) check_engines(shape, seed);
  }
  for (const ForestShape& shape : test::large_forest_shapes()) check_engines(shape, 1);
}

TEST("every engine of this machine serves some of the shapes, the first one all of them") {
  const bool has_mask = select_variant(mask_variants(), active_isa()).isa != Isa::kScalar;
  std::vector<RankedForest> forests;
  for (const ForestShape& shape : test::forest_shapes()) {
    forests.push_back(quantize(test::random_forest(shape, 1)));
  }
  CHECK(engines().front().least_rows == 1);
  for (const EngineRow& row : engines()) {
    const auto served = std::ranges::count_if(
        forests, [&](const RankedForest& forest) { return row.can_serve(forest); });
    CHECK(served > 0 || (row.name == "mask" && !has_mask));
    CHECK(&row != &engines().front() || served == std::ssize(forests));
  }
}

}  // namespace kedge

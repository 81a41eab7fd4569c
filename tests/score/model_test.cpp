#include "kedge/score/model.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "allocations.h"
#include "check.h"
#include "kedge/model/golden.h"
#include "kedge/score/link.h"
#include "score/matrices.h"
#include "score/random_forest.h"

namespace kedge {
namespace {

using test::ForestShape;
using test::Layout;
using test::Matrix;

Bundle bundle_of(const Forest& forest) {
  Bundle bundle;
  bundle.features = forest.features;
  bundle.forest = quantize(forest);
  bundle.golden = make_golden(forest);
  return bundle;
}

// As doubles, whatever the model gives.
std::vector<double> scores_of(const Model& model, const Rows& rows, std::size_t threads = 1) {
  std::vector<double> wide(rows.count * model.outputs());
  if (!model.gives_float32()) {
    model.score(rows, wide.data(), true, threads);
    return wide;
  }
  std::vector<float> narrow(wide.size());
  model.score(rows, narrow.data(), true, threads);
  std::ranges::copy(narrow, wide.begin());
  return wide;
}

bool same(const std::vector<double>& a, const std::vector<double>& b) {
  return std::ranges::equal(a, b, test::same_bits);
}

std::vector<double> plain(const Forest& forest, const std::vector<double>& rows) {
  std::vector<double> scores(rows.size() / forest.features.size() * forest.outputs);
  plain_scores(forest, rows, scores);
  return scores;
}

}  // namespace

TEST("a model's scores are plain_scores, whatever engine its number of rows chooses") {
  for (const ForestShape& shape : test::forest_shapes()) {
    const Forest forest = test::random_forest(shape, 5);
    const Model model(bundle_of(forest));
    for (const std::size_t count : {0, 1, 2, 15, 16, 17, 100}) {
      const std::vector<double> rows = test::random_rows(forest, count, count);
      const Matrix<double> matrix(rows, forest.features.size(), Layout::kByRow);
      CHECK(same(scores_of(model, matrix.rows), plain(forest, rows)));
    }
  }
}

TEST("threads that share the rows of a call give what one gives") {
  const Forest forest = test::random_forest(test::forest_shapes().front(), 1);
  const Model model(bundle_of(forest));
  for (const std::size_t count : {4095, 4096, 8192, 8193, 12'345, 20'000}) {
    const std::vector<double> rows = test::random_rows(forest, count, count);
    const Matrix<double> matrix(rows, forest.features.size(), Layout::kByColumn);
    const std::vector<double> wanted = plain(forest, rows);
    for (const std::size_t threads : {0, 1, 2, 3, 7, 100}) {
      CHECK(same(scores_of(model, matrix.rows, threads), wanted));
    }
  }
}

TEST("threads may share one model from its first call on, when engines are made") {
  constexpr std::size_t kCounts[] = {1, 200, 17};
  for (const ForestShape& shape : test::forest_shapes()) {
    const Forest forest = test::random_forest(shape, 6);
    const Model model(bundle_of(forest));
    const std::vector<double> rows = test::random_rows(forest, 200, 1);
    const Matrix<double> matrix(rows, forest.features.size(), Layout::kByRow);
    const std::vector<double> wanted = plain(forest, rows);
    std::atomic<int> agreed = 0;
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        for (std::size_t j = 0; j < std::size(kCounts); ++j) {
          const std::size_t count = kCounts[(i + j) % std::size(kCounts)];
          std::vector<double> part = wanted;
          part.resize(count * forest.outputs);
          agreed += same(scores_of(model, matrix.rows.from(0, count)), part);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(agreed == 12);
  }
}

TEST("scoring allocates nothing after a thread's first call") {
  for (const ForestShape& shape : test::forest_shapes()) {
    const Forest forest = test::random_forest(shape, 7);
    const Model model(bundle_of(forest));
    const std::vector<double> rows = test::random_rows(forest, 200, 1);
    const Matrix<double> matrix(rows, forest.features.size(), Layout::kByRow);
    const Matrix<float> narrow(rows, forest.features.size(), Layout::kByColumn);
    std::vector<double> out(200 * model.outputs());
    for (const std::size_t count : {1, 8, 16, 200}) {
      model.score(matrix.rows.from(0, count), out.data(), false);
      const std::size_t before = test::allocations();
      for (std::size_t i = 0; i + count <= 200; ++i) {
        model.score(matrix.rows.from(i, count), out.data(), false);
        model.score(narrow.rows.from(i, count), out.data(), true);
      }
      const bool is_same = test::allocations() == before;  // CHECK makes a string
      CHECK(is_same);
    }
  }
}

TEST("links of raw scores, at the ends too") {
  const auto linked = [](Link link, double scale, std::vector<double> scores,
                         std::uint32_t outputs = 1) {
    Scoring scoring;
    scoring.link = link;
    scoring.link_scale = scale;
    scoring.outputs = outputs;
    std::vector<float> narrow(scores.begin(), scores.end());
    apply_link(scoring, scores.size() / outputs, scores.data());
    apply_link(scoring, scores.size() / outputs, narrow.data());
    for (std::size_t i = 0; i < scores.size(); ++i) {
      CHECK(test::same_bits(narrow[i], double{static_cast<float>(scores[i])}));
    }
    return scores;
  };
  const double inf = HUGE_VAL;
  const double nan = std::nan("");
  const std::vector<double> ends = {-inf, -0.0, 0.0, inf, nan};
  CHECK(same(linked(Link::kIdentity, 1, ends), ends));
  CHECK(same(linked(Link::kSigmoid, 2, ends), {0, 0.5, 0.5, 1, nan}));
  CHECK(same(linked(Link::kExp, 1, ends), {0, 1, 1, inf, nan}));
  CHECK(same(linked(Link::kSignedSquare, 1, {-3, -0.0, 2, inf, nan}), {-9, 0, 4, inf, nan}));
  CHECK(same(linked(Link::kHalvedPower, 0.5, {-inf, 0, inf, nan}), {inf, 1, 0, nan}));
  CHECK(same(linked(Link::kStep, 1, {-1, -0.0, 0, 1e-30, nan}), {0, 0, 0, 1, 0}));
  CHECK(same(linked(Link::kLog1pExp, 1, {-inf, 800, nan}), {0, inf, nan}));
  CHECK(same(linked(Link::kSoftmax, 1, {0, 0, 1000, -1000, 5, 5}, 2), {0.5, 0.5, 1, 0, 0.5, 0.5}));
  CHECK(same(linked(Link::kSoftmax, 1, {7}, 1), {1}));
  for (std::uint8_t i = 0; i <= static_cast<std::uint8_t>(kLastLink); ++i) {
    CHECK(!link_name(Link{i}).empty());
  }
}

}  // namespace kedge

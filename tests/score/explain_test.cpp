#include "kedge/score/explain.h"

#include <algorithm>
#include <cmath>
#include <map>
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

// A path's features: the share of the training rows that goes the path's way, and whether the row
// does.
struct Way {
  double share = 1;
  bool taken = true;
};

// The slow and plain answer: leaf by leaf, the Shapley value of the product game over the features
// of its path. Every term is positive but for the leaf's value and the last factor.
class Plain {
 public:
  Plain(const Forest& forest, const double* row) : forest_(forest), phi_(outputs() * features()) {
    for (std::size_t j = 0; j < features(); ++j) {
      row_.push_back(forest.reads_float32 ? double{static_cast<float>(row[j])} : row[j]);
    }
    for (const Tree& tree : forest.trees) {
      tree_ = &tree;
      down(tree.nodes.empty() ? ~0 : 0, {});
    }
    for (double& phi : phi_) phi = phi / forest.divisor * forest.scale;
  }
  const std::vector<double>& phi() const { return phi_; }

 private:
  std::size_t features() const { return forest_.features.size(); }
  std::size_t outputs() const { return forest_.outputs; }

  // A forest of this node alone, whose leaves are 1 to the left and 0 to the right, decides.
  bool goes_left(const TreeNode& node) const {
    Forest one;
    static_cast<Scoring&>(one) = forest_;
    one.features = forest_.features;
    if (node.test == Test::kInSet || node.test == Test::kNotInSet) {
      one.sets = {forest_.sets[node.set]};
    }
    TreeNode alone = node;
    alone.set = 0;
    alone.left = ~0;
    alone.right = ~1;
    one.trees = {Tree{{alone}, {1, 0}, 0, {}, {}}};
    one.outputs = one.leaf_width = 1;
    one.start = one.bias = {0};
    one.divisor = one.scale = 1;
    double score = 0;
    plain_scores(one, row_, {&score, 1});
    return score == 1;
  }

  double cover(std::int32_t child) const {
    return child < 0 ? tree_->leaf_covers[static_cast<std::size_t>(-(child + 1))]
                     : tree_->node_covers[static_cast<std::size_t>(child)];
  }

  void down(std::int32_t at, const std::map<std::uint32_t, Way>& path) {
    if (at < 0) return add(static_cast<std::size_t>(-(at + 1)), path);
    const TreeNode& node = tree_->nodes[static_cast<std::size_t>(at)];
    const double left = cover(node.left);
    const double right = cover(node.right);
    const bool is_left = goes_left(node);
    const auto child = [&](std::int32_t of, double share, bool taken) {
      auto longer = path;
      Way& way = longer[node.feature];
      way.share *= left + right > 0 ? share / (left + right) : 0.5;
      way.taken &= taken;
      down(of, longer);
    };
    child(node.left, left, is_left);
    child(node.right, right, !is_left);
  }

  void add(std::size_t leaf, const std::map<std::uint32_t, Way>& path) {
    for (const auto& [feature, way] : path) {
      std::vector<double> sums = {1};  // of the products over all sets of others, by their size
      for (const auto& [other, that] : path) {
        if (other == feature) continue;
        sums.push_back(0);
        for (std::size_t s = sums.size(); s-- > 0;) {
          sums[s] = sums[s] * that.share + (s > 0 && that.taken ? sums[s - 1] : 0);
        }
      }
      double weighted = 0;
      double weight = 1 / static_cast<double>(path.size());  // s! (d - 1 - s)! / d!
      for (std::size_t s = 0; s < sums.size(); ++s) {
        weighted += weight * sums[s];
        weight *= static_cast<double>(s + 1) / static_cast<double>(path.size() - 1 - s);
      }
      for (std::size_t k = 0; k < forest_.leaf_width; ++k) {
        phi_[(tree_->output + k) * features() + feature] +=
            tree_->leaves[leaf * forest_.leaf_width + k] * weighted *
            ((way.taken ? 1 : 0) - way.share);
      }
    }
  }

  const Forest& forest_;
  std::vector<double> row_;
  std::vector<double> phi_;
  const Tree* tree_ = nullptr;
};

Forest forest_of(const ForestShape& shape, std::uint64_t seed) {
  Forest forest = test::random_forest(shape, seed);
  test::bound_leaves(forest);
  test::draw_covers(forest, seed + 2);
  return forest;
}

struct Explained {
  Explained(const Forest& forest, const std::vector<double>& rows)
      : explainer(quantize(forest)),
        width(forest.outputs * forest.features.size()),
        values(rows.size() / forest.features.size() * width) {
    explainer.explain(rows_of(rows, forest.features.size()), values.data());
  }
  Explainer explainer;
  std::size_t width;
  std::vector<double> values;
};

// The largest difference of the explanations from the plain ones, as a part of the largest score.
double difference(const Forest& forest, const std::vector<double>& rows) {
  const Explained explained(forest, rows);
  const std::size_t features = forest.features.size();
  double most = 0;
  for (std::size_t i = 0; i * features < rows.size(); ++i) {
    const Plain plain(forest, rows.data() + i * features);
    for (std::size_t j = 0; j < explained.width; ++j) {
      const double wanted = plain.phi()[j];
      most = std::max(most, std::fabs(explained.values[i * explained.width + j] - wanted));
    }
  }
  return most / test::largest_score(forest);
}

double not_added_up(const Forest& forest, const std::vector<double>& rows) {
  const Explained explained(forest, rows);
  const std::size_t features = forest.features.size();
  std::vector<double> scores(rows.size() / features * forest.outputs);
  plain_scores(forest, rows, scores);
  double most = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    double sum = explained.explainer.base()[i % forest.outputs];
    for (std::size_t j = 0; j < features; ++j) sum += explained.values[i * features + j];
    most = std::max(most, std::fabs(sum - scores[i]));
  }
  return most / test::largest_score(forest);
}

bool is_explained(const ForestShape& shape) { return !shape.is_linear; }

}  // namespace

TEST("explanations are Shapley's, leaf by leaf, and add up to the score") {
  for (const ForestShape& shape : test::forest_shapes()) {
    if (!is_explained(shape)) continue;
    for (std::uint64_t seed = 1; seed <= 2; ++seed) {
      const Forest forest = forest_of(shape, seed);
      const std::vector<double> rows = test::random_rows(forest, 13, seed + 1);
      const std::vector<double> few(
          rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(3 * forest.features.size()));
      const double off = difference(forest, few);
      test::report(off < 1e-13, __FILE__, __LINE__, text(shape.name, ": off by ", off));
      const double sums = not_added_up(forest, rows);
      test::report(sums < 1e-12, __FILE__, __LINE__, text(shape.name, ": sums off by ", sums));
    }
  }
}

TEST("deep trees of many features are explained exactly") {
  for (const std::uint32_t leaves : {2, 17, 65, 201}) {
    const ForestShape shape{.name = "deep",
                            .features = 400,
                            .trees = 2,
                            .most_leaves = leaves,
                            .is_exact = true,
                            .is_chain = true,
                            .categories = 5};
    const Forest forest = forest_of(shape, leaves);
    const std::vector<double> rows = test::random_rows(forest, 2, leaves);
    const double off = difference(forest, rows);
    test::report(off < 1e-13, __FILE__, __LINE__, text(leaves, " leaves: off by ", off));
    CHECK(not_added_up(forest, rows) < 1e-12);
  }
}

TEST("trees too large for a row's own way are explained as blocks") {
  for (const ForestShape& shape : test::large_forest_shapes()) {
    const Forest forest = forest_of(shape, 1);
    const std::vector<double> rows = test::random_rows(forest, 2, 1);
    const double off = not_added_up(forest, rows);
    test::report(off < 1e-12, __FILE__, __LINE__, text(shape.name, ": sums off by ", off));
    const std::vector<double> one(
        rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(forest.features.size()));
    CHECK(difference(forest, one) < 1e-12);
  }
}

TEST("a row's explanation does not depend on the rows around it") {
  for (const ForestShape& shape : test::forest_shapes()) {
    if (!is_explained(shape)) continue;
    const Forest forest = forest_of(shape, 5);
    const std::size_t features = forest.features.size();
    const std::vector<double> rows = test::random_rows(forest, 131, 6);
    const Explained whole(forest, rows);
    for (const std::size_t count : {1, 2, 3, 4, 7, 8, 9, 64, 65, 130}) {
      for (const std::size_t first : {std::size_t{0}, std::size_t{131} - count}) {
        std::vector<double> values(count * whole.width);
        whole.explainer.explain(rows_of(rows, features).from(first, count), values.data());
        const bool is_same =
            std::equal(values.begin(), values.end(), whole.values.begin() + first * whole.width,
                       test::same_bits);
        test::report(is_same, __FILE__, __LINE__, text(shape.name, ", ", count, " rows"));
      }
    }
  }
}

TEST("what cannot be explained is refused by name") {
  Forest forest = test::random_forest(test::forest_shapes().front(), 2);
  CHECK_ERROR("how many training rows", Explainer(quantize(forest)));
  for (const ForestShape& shape : test::forest_shapes()) {
    if (is_explained(shape)) continue;
    forest = test::random_forest(shape, 1);
    test::draw_covers(forest, 1);
    CHECK_ERROR("linear leaves", Explainer(quantize(forest)));
  }
  const ForestShape wide{.name = "wide",
                         .features = 4000,
                         .trees = 1,
                         .most_leaves = 2000,
                         .is_exact = true,
                         .is_chain = true};
  forest = forest_of(wide, 1);
  CHECK_ERROR("features on one path; 1024 at most", Explainer(quantize(forest)));
}

}  // namespace kedge

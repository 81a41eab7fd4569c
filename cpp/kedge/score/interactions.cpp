#include "kedge/score/interactions.h"

#include <algorithm>
#include <span>

#include "kedge/base/error.h"
#include "kedge/score/scratch.h"

namespace kedge {
namespace {

constexpr std::size_t kMostWays = std::size_t{1} << 27;

// In the order of a block's sums, though here it is for speed alone.
double dot(const double* a, const double* b, std::size_t padded) noexcept {
  double sums[4] = {};
  for (std::size_t k = 0; k < padded; k += 4) {
    for (std::size_t j = 0; j < 4; ++j) sums[j] += a[k + j] * b[k + j];
  }
  return (sums[0] + sums[2]) + (sums[1] + sums[3]);
}

}  // namespace

Interactions::Interactions(const Explainer& explainer) : explainer_(explainer) {
  if (explainer.plan().most_row_work() > kMostShapWork) {
    throw resource_exhausted("explain: interactions in these trees take ",
                             explainer.plan().most_row_work(), " numbers a row; ", kMostShapWork,
                             " at most");
  }
  for (std::size_t i = 0; i < explainer.forest().trees.size(); ++i) {
    add_paths(explainer.plan().tree(i, 0));
  }
}

// A node's ways are its parent's and the way from there, but for one of its own feature.
void Interactions::add_paths(const ShapTree& tree) {
  const std::size_t count = tree.tests.size();
  std::vector<std::uint32_t> way_here(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto number = static_cast<std::uint32_t>(i);
    if (tree.nodes[i].left_slot < count) way_here[tree.nodes[i].left_slot] = 2 * number;
    if (tree.nodes[i].right_slot < count) way_here[tree.nodes[i].right_slot] = 2 * number + 1;
  }
  const std::size_t first = paths_.first.size() - 1;
  std::vector<std::uint32_t> path;
  for (std::size_t i = 0; i < count; ++i) {
    path.clear();
    if (i > 0) {
      const std::size_t parent = way_here[i] / 2;
      path.assign(
          paths_.ways.begin() + static_cast<std::ptrdiff_t>(paths_.first[first + parent]),
          paths_.ways.begin() + static_cast<std::ptrdiff_t>(paths_.first[first + parent + 1]));
      path.push_back(way_here[i]);
      std::erase_if(path, [&](std::uint32_t way) {
        return tree.nodes[way / 2].feature == tree.nodes[i].feature;
      });
    }
    paths_.ways.insert(paths_.ways.end(), path.begin(), path.end());
    paths_.first.push_back(paths_.ways.size());
    if (paths_.ways.size() > kMostWays) {
      throw resource_exhausted("explain: the paths of these trees exceed ", kMostWays, " ways");
    }
  }
}

void Interactions::explain(const Rows& rows, double* out) const noexcept {
  const RankedForest& forest = explainer_.forest();
  const std::size_t width = std::size_t{forest.outputs} * forest.features * forest.features;
  for (std::size_t i = 0; i < rows.count; ++i) row(rows, i, out + i * width);
}

// At a place of quadrature a node adds to its feature a product over its path. The share of a
// feature on the path in that product is
//     (taken - weight) / ((1 - t) * weight + t * taken),
// weight its product of shares there: the pair's sum has both.
void Interactions::add_pairs(const ShapTree& tree, std::uint64_t first_node,
                             const std::uint8_t* sides, const double* work, double* alone,
                             double* table) const noexcept {
  const std::size_t count = tree.tests.size();
  const std::size_t padded = padded_points(tree.rule.points);
  const std::size_t features = explainer_.forest().features;
  const double* mean = work + (2 * count + 1) * padded;
  double* part = alone + (count + 1) * padded;
  for (std::size_t k = 0; k < padded; ++k) alone[count * padded + k] = -1 / tree.rule.beside[k];
  for (std::size_t i = 0; i < count; ++i) {
    const ShapNode& node = tree.nodes[i];
    if (sides[i] == kShapAstray) continue;
    const bool is_right = sides[i] == kShapRight;
    const double weight = is_right ? node.gain[kShapLeft] : -node.gain[kShapRight];
    const double* left = mean + node.left_slot * padded;
    const double* right = mean + node.right_slot * padded;
    const double* inverse = tree.inverses + node.inverse;
    for (std::size_t k = 0; k < padded; ++k) {
      alone[i * padded + k] = (1 - weight) / (tree.rule.beside[k] * weight + tree.rule.at[k]);
      part[k] = work[i * padded + k] * (left[k] - right[k]) * inverse[k] * inverse[k];
    }
    const std::uint64_t first = paths_.first[first_node + i];
    const std::uint64_t end = paths_.first[first_node + i + 1];
    for (const std::uint32_t way : std::span(paths_.ways).subspan(first, end - first)) {
      const bool is_taken = sides[way / 2] == way % 2;
      const double* other = alone + (is_taken ? way / 2 : count) * padded;
      const std::size_t column = tree.nodes[way / 2].feature;
      const std::size_t low = std::min<std::size_t>(node.feature, column);
      const std::size_t high = std::max<std::size_t>(node.feature, column);
      table[low * features + high] += node.gain[sides[i]] * dot(part, other, padded);
    }
  }
}

// The upper half of the table has the pairs' sums.
void Interactions::finish(const double* phi, double* table) const noexcept {
  const std::size_t features = explainer_.forest().features;
  for (std::size_t i = 0; i < features; ++i) {
    for (std::size_t j = i + 1; j < features; ++j) {
      const double half = explainer_.scaled(table[i * features + j]) / 2;
      table[i * features + j] = table[j * features + i] = half;
    }
  }
  for (std::size_t i = 0; i < features; ++i) {
    double others = 0;
    for (std::size_t j = 0; j < features; ++j) others += j == i ? 0 : table[i * features + j];
    table[i * features + i] = explainer_.scaled(phi[i]) - others;
  }
}

void Interactions::row(const Rows& rows, std::size_t row, double* out) const noexcept {
  const RankedForest& forest = explainer_.forest();
  const ExplainPlan& plan = explainer_.plan();
  const std::size_t features = forest.features;
  auto* codes = scratch<std::uint32_t, Interactions>(explainer_.ranker().slots());
  explainer_.ranker().row(rows, row, codes);
  auto* sides = scratch<std::uint8_t, Interactions>(plan.most_nodes());
  auto* work = scratch<double, Paths>(plan.most_row_work());
  auto* alone = scratch<double, Interactions>(plan.most_row_work() + kMostPathFeatures);
  double* phi = scratch<double, Explainer>(forest.outputs * features);
  std::fill_n(phi, forest.outputs * features, 0.0);
  std::fill_n(out, forest.outputs * features * features, 0.0);
  for (std::size_t i = 0; i < forest.trees.size(); ++i) {
    for (std::size_t k = 0; k < forest.leaf_width; ++k) {
      const std::size_t output = forest.trees[i].output + k;
      const ShapTree tree = plan.tree(i, k);
      explainer_.kernel().row(tree, codes, sides, work, phi + output * features);
      add_pairs(tree, forest.trees[i].first_node, sides, work, alone,
                out + output * features * features);
    }
  }
  for (std::size_t k = 0; k < forest.outputs; ++k) {
    finish(phi + k * features, out + k * features * features);
  }
}

}  // namespace kedge

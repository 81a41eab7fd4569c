#include "kedge/model/golden.h"

#include <cmath>
#include <limits>

#include "kedge/base/bits.h"
#include "kedge/base/random.h"

namespace kedge {
namespace {

constexpr std::uint32_t kRows = 16;

// A value that some node of the forest asks for, or one beside it.
double draw(const Forest& forest, const TreeNode& node, Random& random) {
  const std::uint32_t kind = random.below(8);
  if (kind == 0) return std::numeric_limits<double>::quiet_NaN();
  if (node.test == Test::kInSet || node.test == Test::kNotInSet) {
    const auto& set = forest.sets[node.set];
    if (set.empty() || kind == 1) return -1;
    return set[random.below(static_cast<std::uint32_t>(set.size()))];
  }
  const double threshold = node.threshold;
  if (!std::isfinite(threshold)) return kind < 4 ? threshold : 0;
  if (kind == 1) return threshold;
  if (kind == 2) return next_up(threshold);
  return threshold + (2 * random.uniform() - 1) * (std::fabs(threshold) + 1);
}

}  // namespace

Golden make_golden(const Forest& forest) {
  const std::size_t width = forest.features.size();
  std::vector<std::vector<const TreeNode*>> asked(width);
  for (const Tree& tree : forest.trees) {
    for (const TreeNode& node : tree.nodes) asked[node.feature].push_back(&node);
  }
  Random random(width);
  Golden golden;
  for (std::uint32_t i = 0; i < kRows; ++i) {
    for (std::size_t j = 0; j < width; ++j) {
      const auto nodes = static_cast<std::uint32_t>(asked[j].size());
      const double value = nodes == 0 ? 0 : draw(forest, *asked[j][random.below(nodes)], random);
      golden.rows.push_back(value);
    }
  }
  golden.raw.resize(kRows * std::size_t{forest.outputs});
  plain_scores(forest, golden.rows, golden.raw);
  // The sign of inf - inf is not the same on every machine.
  for (double& score : golden.raw) {
    if (std::isnan(score)) score = std::numeric_limits<double>::quiet_NaN();
  }
  return golden;
}

}  // namespace kedge

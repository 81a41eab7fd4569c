#include "selftest_forests.h"

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kedge/base/bytes.h"
#include "kedge/base/random.h"
#include "kedge/model/bundle.h"
#include "kedge/model/covers.h"
#include "kedge/model/golden.h"
#include "kedge/model/trees.h"
#include "kedge/score/engine.h"
#include "kedge/score/explain.h"
#include "kedge/score/link.h"
#include "kedge/score/model.h"

namespace kedge {
namespace {

constexpr std::uint32_t kFeatures = 4;
constexpr std::size_t kRows = 200;

struct Kind {
  bool is_float = false;
  std::uint32_t categories = 0;  // of features 2 and 3
  std::uint32_t outputs = 1;
  bool is_wide = false;
  bool is_linear = false;
  std::uint32_t leaves = 24;
  Link link = Link::kIdentity;
};

constexpr Kind kKinds[] = {
    {.link = Link::kSigmoid},
    {.is_float = true, .outputs = 3, .link = Link::kSoftmax},
    {.categories = 20, .link = Link::kExp},
    {.is_float = true, .categories = 300, .link = Link::kLog1pExp},
    {.outputs = 2, .is_wide = true, .link = Link::kSignedSquare},
    {.is_linear = true, .link = Link::kHalvedPower},
    {.leaves = 300, .link = Link::kStep},
};

// Both zeros, denormals, LightGBM's bound of zero, what is no float, and the ends.
constexpr std::array kHard = {
    0.0,   -0.0,  5e-324,   -5e-324,   1e-45, kZeroBound, -kZeroBound,  1 + 0x1p-24,
    1e300, -1e39, HUGE_VAL, -HUGE_VAL, -0.5,  2.5,        2147483647.0, 2147483648.0};

double number(Random& random) {
  if (random.below(4) == 0) return kHard[random.below(kHard.size())];
  return std::round((random.uniform() - 0.5) * 64) / 8;
}

TreeNode draw_node(Forest& forest, const Kind& kind, Random& random) {
  TreeNode node;
  node.feature = random.below(kFeatures);
  node.missing = static_cast<Missing>(random.below(3));
  node.missing_left = random.below(2) == 0;
  node.test = random.below(2) == 0 ? Test::kLess : Test::kLessEqual;
  node.threshold = number(random);
  if (kind.categories > 0 && node.feature >= 2) {
    node.test = random.below(2) == 0 ? Test::kInSet : Test::kNotInSet;
    node.set = static_cast<std::uint32_t>(forest.sets.size());
    auto& set = forest.sets.emplace_back();
    for (std::uint32_t i = 0; i < kind.categories; ++i) {
      if (random.below(3) == 0) set.push_back(i);
    }
  }
  return node;
}

// Node i hangs on a child that is still open, drawn among them; the rest become leaves.
Tree draw_tree(Forest& forest, const Kind& kind, Random& random) {
  Tree tree;
  std::vector<std::int32_t TreeNode::*> sides;
  std::vector<std::size_t> parents;
  const auto place = [&](std::size_t at, std::int32_t child) {
    tree.nodes[parents[at]].*sides[at] = child;
    parents.erase(parents.begin() + static_cast<std::ptrdiff_t>(at));
    sides.erase(sides.begin() + static_cast<std::ptrdiff_t>(at));
  };
  for (std::uint32_t i = 0; i + 1 < kind.leaves; ++i) {
    tree.nodes.push_back(draw_node(forest, kind, random));
    if (i > 0) {
      place(random.below(static_cast<std::uint32_t>(parents.size())), static_cast<std::int32_t>(i));
    }
    for (const auto side : {&TreeNode::left, &TreeNode::right}) {
      parents.push_back(i);
      sides.push_back(side);
    }
  }
  for (std::uint32_t i = 0; i < kind.leaves; ++i) place(0, ~static_cast<std::int32_t>(i));
  for (std::uint32_t i = 0; i < kind.leaves * forest.leaf_width; ++i) {
    tree.leaves.push_back(random.uniform() - 0.5);
  }
  tree.output = kind.is_wide ? 0 : random.below(kind.outputs);
  for (std::uint32_t i = 0; i < kind.leaves; ++i) tree.leaf_covers.push_back(random.below(50));
  return tree;
}

Forest draw_forest(const Kind& kind, Random& random) {
  Forest forest;
  forest.origin = "selftest";
  forest.reads_float32 = forest.sums_float32 = kind.is_float;
  forest.outputs = kind.outputs;
  forest.leaf_width = kind.is_wide ? kind.outputs : 1;
  forest.link = kind.link;
  forest.divisor = kind.is_wide ? 7 : 1;
  for (std::uint32_t i = 0; i < kFeatures; ++i) {
    forest.features.push_back({"f" + std::to_string(i), FeatureKind::kNumber, {}});
  }
  for (std::uint32_t k = 0; k < kind.outputs; ++k) {
    forest.start.push_back(random.uniform());
    forest.bias.push_back(kind.is_wide ? random.uniform() : 0);
  }
  for (int i = 0; i < 15; ++i) {
    forest.trees.push_back(draw_tree(forest, kind, random));
    if (!kind.is_linear) continue;
    for (LinearLeaf& leaf : forest.linear.emplace_back(kind.leaves)) {
      leaf.constant = random.uniform();
      leaf.terms = {{random.below(kFeatures), random.uniform() - 0.5},
                    {random.below(kFeatures), random.uniform() - 0.5}};
    }
  }
  finish_covers(forest);
  return forest;
}

// One path through more features than a register has places of quadrature.
Forest draw_chain(Random& random) {
  constexpr std::uint32_t kLong = 40;
  Forest forest;
  forest.start = forest.bias = {0};
  Tree& tree = forest.trees.emplace_back();
  for (std::uint32_t i = 0; i < kLong; ++i) {
    forest.features.push_back({"f" + std::to_string(i), FeatureKind::kNumber, {}});
    const auto at = static_cast<std::int32_t>(i);
    const std::int32_t next = i + 1 < kLong ? at + 1 : ~(at + 1);
    tree.nodes.push_back({.feature = i, .threshold = 0.5, .left = ~at, .right = next});
  }
  for (std::uint32_t i = 0; i <= kLong; ++i) {
    tree.leaves.push_back(random.uniform() - 0.5);
    tree.leaf_covers.push_back(1 + random.below(9));
  }
  finish_covers(forest);
  return forest;
}

// NaN has another sign on other machines.
template <class Sum>
void add_scores(const std::vector<Sum>& scores, Digest& digest) {
  for (const Sum score : scores) {
    digest.add(std::isnan(score) ? std::numeric_limits<Sum>::quiet_NaN() : score);
  }
}

template <class Sum>
std::uint64_t scores_digest(const Engine& engine, const RankedForest& forest, const Rows& rows) {
  Digest digest;
  std::vector<Sum> scores(rows.count * forest.outputs);
  engine.score(rows, scores.data());
  add_scores(scores, digest);
  for (std::size_t i = 0; i < rows.count; ++i) {
    engine.score(rows.from(i, 1), scores.data() + i * forest.outputs);
  }
  add_scores(scores, digest);
  apply_link(forest, rows.count, scores.data());
  add_scores(scores, digest);
  return digest.value();
}

// Machines differ in the engines that serve a model, so an engine shows only when it differs.
template <class Sum>
void add_engines(const RankedForest& forest, const Rows& rows, Digest& digest) {
  std::uint64_t first = 0;
  for (const EngineRow& row : engines()) {
    if (!row.can_serve(forest)) continue;
    const std::uint64_t found = scores_digest<Sum>(*row.make(forest), forest, rows);
    if (first == 0) digest.add(first = found);
    if (found != first) digest.add(as_bytes(row.name));
  }
}

// As a block and row by row.
void add_explanations(const Forest& forest, const Rows& rows, Digest& digest) {
  const Explainer explainer(quantize(forest));
  const std::size_t width = forest.outputs * forest.features.size();
  std::vector<double> phi(rows.count * width);
  explainer.explain(rows, phi.data());
  digest.add(std::as_bytes(std::span(phi)));
  for (std::size_t i = 0; i < rows.count; ++i) {
    explainer.explain(rows.from(i, 1), phi.data() + i * width);
  }
  digest.add(std::as_bytes(std::span(phi)));
  digest.add(std::as_bytes(std::span(explainer.base())));
}

}  // namespace

void add_forests(Digest& digest) {
  Random random(11);
  std::vector<double> values;
  for (std::size_t i = 0; i < kRows * kFeatures; ++i) {
    const bool is_missing = random.below(9) == 0;
    values.push_back(is_missing ? std::numeric_limits<double>::quiet_NaN() : number(random));
  }
  const Rows rows = rows_of(values, kFeatures);
  for (const Kind& kind : kKinds) {
    const Forest forest = draw_forest(kind, random);
    Bundle bundle;
    bundle.origin = forest.origin;
    bundle.features = forest.features;
    bundle.forest = quantize(forest);
    bundle.golden = make_golden(forest);
    digest.add(write_bundle(bundle));
    if (kind.is_float) {
      add_engines<float>(bundle.forest, rows, digest);
    } else {
      add_engines<double>(bundle.forest, rows, digest);
    }
    if (!kind.is_linear) add_explanations(forest, rows, digest);
    const Model model(std::move(bundle));  // holds the golden rows to their scores
  }
  const Forest chain = draw_chain(random);
  std::vector<double> wide(9 * chain.features.size());
  for (double& value : wide) value = random.uniform();
  add_explanations(chain, rows_of(wide, chain.features.size()), digest);
}

}  // namespace kedge

#include "score/random_forest.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <limits>
#include <set>

#include "check.h"
#include "kedge/base/bits.h"
#include "kedge/model/covers.h"

namespace kedge::test {
namespace {

using Limits = std::numeric_limits<double>;
using FloatLimits = std::numeric_limits<float>;

// The last ones lie between floats, where rounding to float decides.
constexpr double kHardNumbers[] = {0.0,
                                   -0.0,
                                   Limits::denorm_min(),
                                   -Limits::denorm_min(),
                                   Limits::min(),
                                   double{FloatLimits::denorm_min()},
                                   -double{FloatLimits::denorm_min()},
                                   kZeroBound,
                                   -kZeroBound,
                                   1,
                                   -1,
                                   Limits::max(),
                                   -Limits::max(),
                                   double{FloatLimits::max()},
                                   -double{FloatLimits::max()},
                                   1e39,
                                   -1e39,
                                   HUGE_VAL,
                                   -HUGE_VAL,
                                   1 + 0x1p-24,
                                   1 + 0x1.8p-23,
                                   -1 - 0x1p-24,
                                   16777217,
                                   1e-46,
                                   -1e-46,
                                   1.0 / 3};
constexpr double kHardCategories[] = {
    -2147483648.0, -2,           -1,           -0.75,        -0.5, 0.25,      0.999,
    126,           127,          128,          255,          256,  1e6 + 0.5, 65535,
    2147483647.0,  2147483647.5, 2147483648.0, 4294967296.0, 1e19};

double next_down(double value) { return -next_up(-value); }

double any_number(Random& random) {
  const double number = (random.uniform() - 0.5) * std::ldexp(1, static_cast<int>(random.below(9)));
  return random.below(2) == 0 ? number : std::round(number * 8) / 8;
}

template <class Items>
auto one_of(const Items& items, Random& random) {
  return items[random.below(static_cast<std::uint32_t>(std::size(items)))];
}

class Maker {
 public:
  Maker(const ForestShape& shape, std::uint64_t seed)
      : shape_(shape), random_(seed), cover_random_(seed), has_covers_(seed % 2 == 1) {}

  Forest make() {
    draw_scoring();
    draw_pools();
    for (std::uint32_t i = 0; i < shape_.trees; ++i) {
      add_tree();
      if (shape_.is_linear) add_linear();
      if (has_covers_) add_covers();
    }
    finish_covers(forest_);
    return std::move(forest_);
  }

 private:
  bool coin() { return random_.below(2) == 0; }
  bool has_categories(std::uint32_t feature) const {
    return shape_.categories > 0 && feature % 3 != 0;
  }
  bool has_numbers(std::uint32_t feature) const {
    return shape_.categories == 0 || feature % 3 != 1;
  }

  void draw_scoring() {
    forest_.reads_float32 = coin();
    forest_.sums_float32 = coin();
    forest_.category_rule = static_cast<CategoryRule>(random_.below(3));
    forest_.outputs = shape_.outputs;
    forest_.leaf_width = shape_.is_wide ? shape_.outputs : 1;
    const bool has_ending = coin();
    if (has_ending) forest_.divisor = 1 + random_.below(40);
    if (has_ending && coin()) forest_.scale = any_number(random_);
    for (std::uint32_t k = 0; k < shape_.outputs; ++k) {
      forest_.start.push_back(coin() ? leaf_value() : -0.0);
      forest_.bias.push_back(has_ending && coin() ? any_number(random_) : 0);
    }
  }

  void draw_pools() {
    for (std::uint32_t i = 0; i < shape_.features; ++i) {
      forest_.features.push_back({"f" + std::to_string(i), FeatureKind::kNumber, {}});
      auto& pool = thresholds_.emplace_back();
      for (std::uint32_t j = 0; j < shape_.thresholds; ++j) {
        pool.push_back(coin() && j < 40 ? one_of(kHardNumbers, random_) : any_number(random_));
      }
      std::set<std::uint32_t> categories;
      while (has_categories(i) && categories.size() < shape_.categories) {
        const bool is_last = random_.below(20) == 0;
        categories.insert(is_last ? shape_.most_category : random_.below(shape_.most_category));
      }
      categories_.emplace_back(categories.begin(), categories.end());
      if (!has_numbers(i)) forest_.features[i].kind = FeatureKind::kCategory;
    }
  }

  double leaf_value() {
    constexpr double kHard[] = {-0.0, 0.0, Limits::denorm_min(), 1e30, -1e30, 0x1p-30, 0.1};
    return random_.below(4) == 0 ? one_of(kHard, random_) : any_number(random_);
  }

  std::uint32_t add_set(std::uint32_t feature) {
    auto& set = forest_.sets.emplace_back();
    const std::uint32_t share = random_.below(5);  // none and all of them too
    for (const std::uint32_t category : categories_[feature]) {
      if (random_.below(4) < share) set.push_back(category);
    }
    return static_cast<std::uint32_t>(forest_.sets.size() - 1);
  }

  TreeNode draw_node() {
    TreeNode node;
    node.feature = random_.below(shape_.features);
    node.missing = static_cast<Missing>(random_.below(3));
    node.missing_left = coin();
    if (has_categories(node.feature) && (!has_numbers(node.feature) || coin())) {
      node.test = coin() ? Test::kInSet : Test::kNotInSet;
      node.set = add_set(node.feature);
    } else {
      node.test = coin() ? Test::kLess : Test::kLessEqual;
      node.threshold = thresholds_[node.feature][turn_++ % shape_.thresholds];
    }
    return node;
  }

  void add_tree() {
    struct Place {
      std::size_t parent;
      bool is_left;
    };
    const std::uint32_t leaves =
        shape_.is_exact ? shape_.most_leaves : 1 + random_.below(shape_.most_leaves);
    Tree tree;
    std::vector<Place> open;
    const auto fill = [&](Place place, std::int32_t child) {
      TreeNode& parent = tree.nodes[place.parent];
      (place.is_left ? parent.left : parent.right) = child;
    };
    for (std::size_t i = 0; i + 1 < leaves; ++i) {
      tree.nodes.push_back(draw_node());
      if (i > 0) {
        const auto count = static_cast<std::uint32_t>(open.size());
        const std::size_t at = shape_.is_chain ? count - 1 : random_.below(count);
        fill(open[at], static_cast<std::int32_t>(i));
        open.erase(open.begin() + static_cast<std::ptrdiff_t>(at));
      }
      const bool left_first = coin();
      open.push_back({i, left_first});
      open.push_back({i, !left_first});
    }
    for (std::size_t i = open.size(); i-- > 1;) {
      std::swap(open[i], open[random_.below(static_cast<std::uint32_t>(i + 1))]);
    }
    for (std::size_t i = 0; i < open.size(); ++i) fill(open[i], ~static_cast<std::int32_t>(i));
    for (std::size_t i = 0; i < leaves * forest_.leaf_width; ++i) {
      tree.leaves.push_back(leaf_value());
    }
    if (!shape_.is_wide) tree.output = random_.below(shape_.outputs);
    forest_.trees.push_back(std::move(tree));
  }

  void add_covers() {
    constexpr double kHard[] = {0.0, 0.0, 0.1, 1, 0x1p-30, 16777217, kMostCover};
    Tree& tree = forest_.trees.back();
    const bool is_float = cover_random_.below(2) == 0;
    for (std::size_t i = 0; i <= tree.nodes.size(); ++i) {
      const bool is_count = is_float || cover_random_.below(4) > 0;
      tree.leaf_covers.push_back(is_count ? cover_random_.below(1000)
                                          : one_of(kHard, cover_random_));
    }
  }

  void add_linear() {
    auto& leaves = forest_.linear.emplace_back(forest_.trees.back().leaves.size());
    for (LinearLeaf& leaf : leaves) {
      leaf.constant = leaf_value();
      for (std::uint32_t i = random_.below(4); i > 0; --i) {
        leaf.terms.push_back({random_.below(shape_.features), any_number(random_)});
      }
    }
  }

  const ForestShape& shape_;
  Random random_;
  Random cover_random_;  // their own, so that a forest is the same without
  bool has_covers_;
  Forest forest_;
  std::vector<std::vector<double>> thresholds_;         // of each feature
  std::vector<std::vector<std::uint32_t>> categories_;  // of each feature
  std::uint32_t turn_ = 0;
};

double near(const Forest& forest, const TreeNode& node, Random& random) {
  if (node.test == Test::kInSet || node.test == Test::kNotInSet) {
    const auto& set = forest.sets[node.set];
    if (set.empty()) return random.below(5);
    constexpr double kBeside[] = {0, 0, 0, 1, -1, 0.5, 0.999};
    return one_of(set, random) + one_of(kBeside, random);
  }
  const double threshold = node.threshold;
  const auto rounded = static_cast<float>(threshold);
  switch (random.below(5)) {
    case 0:
      return std::isinf(threshold) ? Limits::max() : next_up(threshold);
    case 1:
      return std::isinf(threshold) ? -Limits::max() : next_down(threshold);
    case 2:
      return double{std::nextafter(rounded, random.below(2) == 0 ? HUGE_VALF : -HUGE_VALF)};
    case 3:
      return double{rounded};
    default:
      return threshold;
  }
}

}  // namespace

const std::vector<ForestShape>& forest_shapes() {
  constexpr std::uint32_t kMost = kMostCategory;
  static const std::vector<ForestShape> shapes = {
      {.name = "numbers"},
      {.name = "one threshold a feature", .thresholds = 1},
      {.name = "no trees", .trees = 0},
      {.name = "one leaf each", .trees = 9, .most_leaves = 1},
      {.name = "stumps", .trees = 150, .most_leaves = 2},
      {.name = "255 cuts", .features = 1, .trees = 30, .thresholds = 255},
      {.name = "300 cuts", .features = 2, .trees = 60, .thresholds = 300},
      {.name = "chains", .trees = 5, .most_leaves = 301, .is_exact = true, .is_chain = true},
      {.name = "256 leaves", .trees = 6, .most_leaves = 256, .is_exact = true},
      {.name = "chains of 256", .trees = 3, .most_leaves = 256, .is_exact = true, .is_chain = true},
      {.name = "257 leaves", .trees = 4, .most_leaves = 257, .is_exact = true},
      {.name = "32 leaves", .features = 9, .trees = 100, .most_leaves = 32, .is_exact = true},
      {.name = "chains of 32", .trees = 65, .most_leaves = 32, .is_exact = true, .is_chain = true},
      {.name = "33 leaves and outputs", .trees = 64, .most_leaves = 33, .outputs = 3},
      {.name = "64 leaves", .features = 9, .trees = 130, .most_leaves = 64, .is_exact = true},
      {.name = "65 leaves", .trees = 3, .most_leaves = 65, .is_exact = true},
      {.name = "300 slots", .features = 110, .trees = 40},
      {.name = "outputs", .outputs = 4},
      {.name = "vectors", .outputs = 3, .is_wide = true},
      {.name = "vectors of one", .is_wide = true},
      {.name = "linear", .outputs = 2, .is_linear = true},
      {.name = "categories", .categories = 9},
      {.name = "empty sets", .features = 6, .trees = 2, .most_leaves = 3, .categories = 2},
      {.name = "categories and outputs", .categories = 30, .outputs = 3},
      {.name = "126 categories", .features = 3, .categories = 126, .most_category = 126},
      {.name = "127 categories",
       .features = 3,
       .trees = 20,
       .categories = 127,
       .most_category = 900},
      {.name = "254 categories",
       .features = 3,
       .trees = 20,
       .categories = 254,
       .most_category = 70'000},
      {.name = "400 categories", .features = 3, .categories = 400, .most_category = kMost},
      {.name = "categories, chains",
       .trees = 4,
       .most_leaves = 301,
       .is_exact = true,
       .is_chain = true,
       .categories = 20,
       .most_category = kMost},
      {.name = "categories, linear", .categories = 12, .is_linear = true},
      {.name = "categories, vectors", .categories = 12, .outputs = 2, .is_wide = true},
  };
  return shapes;
}

std::span<const ForestShape> large_forest_shapes() {
  static const std::vector<ForestShape> shapes = {
      {.name = "70000 cuts",
       .features = 1,
       .trees = 2,
       .most_leaves = 35'001,
       .is_exact = true,
       .thresholds = 70'000},
      {.name = "categories, 70000 cuts",
       .features = 3,
       .trees = 4,
       .most_leaves = 60'001,
       .is_exact = true,
       .thresholds = 100'000,
       .categories = 3},
  };
  return {shapes.data(), stride() > 1 ? 1 : shapes.size()};
}

Forest random_forest(const ForestShape& shape, std::uint64_t seed) {
  return Maker(shape, seed).make();
}

std::vector<double> random_rows(const Forest& forest, std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::vector<const TreeNode*>> asked(forest.features.size());
  for (const Tree& tree : forest.trees) {
    for (const TreeNode& node : tree.nodes) asked[node.feature].push_back(&node);
  }
  std::vector<double> rows;
  for (std::size_t i = 0; i < count; ++i) {
    for (const auto& nodes : asked) {
      const std::uint32_t kind = random.below(8);
      if (kind == 0) {
        rows.push_back(Limits::quiet_NaN());
      } else if (kind == 1) {
        rows.push_back(one_of(kHardNumbers, random));
      } else if (kind == 2) {
        rows.push_back(one_of(kHardCategories, random));
      } else if (kind == 3 || nodes.empty()) {
        rows.push_back(any_number(random));
      } else {
        rows.push_back(near(forest, *one_of(nodes, random), random));
      }
    }
  }
  return rows;
}

}  // namespace kedge::test

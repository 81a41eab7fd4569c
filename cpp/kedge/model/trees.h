// A boosted or averaged ensemble of trees as its trainer means it: one neutral form for all of
// them. Importers fill it, `check` holds it to its bounds, `plain_scores` says what it means,
// `quantize` makes what engines run on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kedge/model/value_rules.h"

namespace kedge {

// What sends a row to the left child.
enum class Test : std::uint8_t {
  kLessEqual,  // value <= threshold
  kLess,       // value < threshold
  kInSet,      // the value's category is in a set
  kNotInSet,   // it is not; so is what is no category: negative, or beyond 2^31 - 1
};

// Which values are missing at a node, and go where the node sends missing values.
enum class Missing : std::uint8_t {
  kNone,  // none; NaN is taken for 0
  kNan,   // NaN
  kZero,  // NaN, and from -kZeroBound to kZeroBound
};

// Children are nodes of the same tree, further back, counted from its first node; below zero they
// are leaves: ~child is the leaf's number within the tree.
struct TreeNode {
  Test test = Test::kLessEqual;
  Missing missing = Missing::kNan;
  bool missing_left = false;
  std::uint32_t feature = 0;
  double threshold = 0;   // of kLessEqual and kLess; not NaN
  std::uint32_t set = 0;  // of kInSet and kNotInSet: which of Forest::sets
  std::int32_t left = 0;
  std::int32_t right = 0;
};

struct Tree {
  std::vector<TreeNode> nodes;  // the root first; none when there is but one leaf
  std::vector<double> leaves;   // `leaf_width` values for each leaf
  std::uint32_t output = 0;     // where its values are added: output .. output + leaf_width - 1
  // How many training rows came by, as the trainer counts them; empty when it does not say. All
  // trees have covers, or none. A node's is the sum of its children's: see covers.h.
  std::vector<double> node_covers;
  std::vector<double> leaf_covers;
};

// A leaf that is a linear function: constant + sum of coefficient * value, in this order and
// without the values from -kZeroBound to kZeroBound; the leaf's own value when one of the values is
// NaN.
struct LinearLeaf {
  struct Term {
    std::uint32_t feature;
    double coefficient;
  };
  double constant = 0;
  std::vector<Term> terms;
};

// From a row's raw scores to what the trainer's predict() gives.
enum class Link : std::uint8_t {
  kIdentity,
  kSigmoid,       // 1 / (1 + exp(-link_scale * x)) of each
  kSoftmax,       // over the outputs
  kExp,           // exp(x)
  kLog1pExp,      // log(1 + exp(x))
  kSignedSquare,  // sign(x) * x * x
  kHalvedPower,   // 2^(-link_scale * x), of isolation forests
  kStep,          // 1 where x > 0, 0 elsewhere
};

inline constexpr Link kLastLink = Link::kStep;

enum class FeatureKind : std::uint32_t {
  kNumber,
  kCategory,
  // With named categories: a name that is none of them is the place behind the last one, and NaN
  // only what is missing. No forest reads it.
  kText,
};

struct Feature {
  std::string name;
  FeatureKind kind = FeatureKind::kNumber;
  // Of a category feature whose trainer named its categories: row values are positions here.
  std::vector<std::string> categories;
};

// How leaf values become scores:
// raw[k] = ((start[k] + the leaf values of output k, tree by tree) / divisor) * scale + bias[k],
// each step rounded to the precision of the sum. A bias of 0 is not added: it would make 0 of -0.0.
struct Scoring {
  bool reads_float32 = false;  // values are rounded to float before they are compared
  bool sums_float32 = false;
  CategoryRule category_rule = CategoryRule::kFromZero;
  std::uint32_t outputs = 1;
  std::uint32_t leaf_width = 1;  // 1, or all outputs
  std::vector<double> start;     // one for each output
  double divisor = 1;
  double scale = 1;
  std::vector<double> bias;  // one for each output
  double sum_of = 1;         // predictions are link(raw / sum_of)
  Link link = Link::kIdentity;
  double link_scale = 1;
};

struct Forest : Scoring {
  std::string origin;  // "LightGBM 4.7.0", as far as the model says it
  std::vector<Feature> features;
  std::vector<std::vector<std::uint32_t>> sets;  // rising categories, each below 2^31
  std::vector<Tree> trees;
  std::vector<std::vector<LinearLeaf>> linear;  // of each tree and leaf; empty when none is
};

inline constexpr std::uint32_t kMostFeatures = 65'535;
inline constexpr std::uint32_t kMostOutputs = 65'535;

// Throws CorruptData that names the feature when its name or a category is not UTF-8.
void check_names(std::span<const Feature> features);

// Throws CorruptData when the numbers do not fit each other or a bound above.
void check_scoring(const Scoring& scoring, std::size_t features);

// Throws CorruptData that names the tree and node when a child, feature, set, leaf or length is out
// of its bounds: what passes can be walked without a check. Importers end with it.
void check(const Forest& forest);

// The raw scores of rows of doubles, as the trainer adds them up: the definition that every engine
// is held to. `out` has `outputs` numbers for each row. Slow.
void plain_scores(const Forest& forest, std::span<const double> rows, std::span<double> out);

}  // namespace kedge

#include "kedge/model/lightgbm_parts.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "kedge/base/error.h"
#include "kedge/model/covers.h"

namespace kedge {
namespace {

struct Objective {
  std::string_view name;
  Link link;
  bool takes_root = false;  // with "sqrt" it was trained on the roots of the labels
};
constexpr auto kObjectives = std::to_array<Objective>({
    {"regression", Link::kIdentity, true},
    {"regression_l1", Link::kIdentity, true},
    {"fair", Link::kIdentity, true},
    {"quantile", Link::kIdentity},
    {"huber", Link::kIdentity},
    {"mape", Link::kIdentity},
    {"poisson", Link::kExp},
    {"gamma", Link::kExp},
    {"tweedie", Link::kExp},
    {"binary", Link::kSigmoid},
    {"multiclass", Link::kSoftmax},
    {"multiclassova", Link::kSigmoid},
    {"cross_entropy", Link::kSigmoid},
    {"cross_entropy_lambda", Link::kLog1pExp},
    {"lambdarank", Link::kIdentity},
    {"rank_xendcg", Link::kIdentity},
    {"custom", Link::kIdentity},
});

std::string_view cut_word(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(text.size(), word.size() + 1));
  return word;
}

// A tree of plain leaves among linear ones.
std::vector<LinearLeaf> constant_leaves(const Tree& tree) {
  std::vector<LinearLeaf> leaves;
  leaves.reserve(tree.leaves.size());
  for (const double value : tree.leaves) leaves.push_back({value, {}});
  return leaves;
}

}  // namespace

void set_lightgbm_frame(std::string_view version, std::uint32_t outputs, Forest& forest) {
  if (version != "v2" && version != "v3" && version != "v4") {
    throw unsupported("LightGBM model version \"", version, "\", v2 to v4 are known");
  }
  forest.origin = text("LightGBM ", version);
  forest.category_rule = CategoryRule::kTruncate;
  forest.outputs = outputs;
  forest.start.resize(outputs);
  forest.bias.resize(outputs);
}

std::string_view set_lightgbm_link(std::string_view objective, Forest& forest) {
  std::string_view rest = objective;
  const auto* known = std::ranges::find(kObjectives, cut_word(rest), &Objective::name);
  if (known == kObjectives.end()) throw unsupported("LightGBM objective \"", objective, "\"");
  forest.link = known->link;
  constexpr std::string_view kSigmoid = "sigmoid:";
  while (!rest.empty()) {
    const std::string_view word = cut_word(rest);
    if (word == "sqrt" && known->takes_root) forest.link = Link::kSignedSquare;
    if (!word.starts_with(kSigmoid)) continue;
    const std::string_view scale = word.substr(kSigmoid.size());
    const auto read = std::from_chars(scale.data(), scale.data() + scale.size(), forest.link_scale);
    if (read.ec != std::errc() || read.ptr != scale.data() + scale.size() ||
        !(forest.link_scale > 0)) {
      return word;
    }
  }
  return {};
}

double lightgbm_threshold(double threshold) {
  if (threshold >= 0 && threshold < kZeroBound) return kZeroBound;
  if (threshold < 0 && threshold >= -kZeroBound) {
    return std::nextafter(-kZeroBound, -std::numeric_limits<double>::infinity());
  }
  return threshold;
}

void add_lightgbm_leaves(Tree tree, std::optional<std::vector<LinearLeaf>> linear, Forest& forest) {
  tree.output = static_cast<std::uint32_t>(forest.trees.size() % forest.outputs);
  if (linear.has_value() && forest.linear.empty()) {
    for (const Tree& earlier : forest.trees) forest.linear.push_back(constant_leaves(earlier));
  }
  if (linear.has_value()) {
    forest.linear.push_back(std::move(*linear));
  } else if (!forest.linear.empty()) {
    forest.linear.push_back(constant_leaves(tree));
  }
  forest.trees.push_back(std::move(tree));
}

void finish_lightgbm(bool is_average, Forest& forest) {
  const std::size_t iterations = forest.trees.size() / forest.outputs;
  if (forest.trees.size() % forest.outputs != 0) {
    throw corrupt_data(forest.trees.size(), " trees are there, ", forest.outputs,
                       " for each iteration");
  }
  if (is_average && iterations > 0) forest.sum_of = static_cast<double>(iterations);
  finish_covers(forest);
  check(forest);
}

}  // namespace kedge

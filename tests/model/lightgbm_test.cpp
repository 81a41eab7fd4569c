#include "kedge/model/lightgbm.h"

#include <string>
#include <string_view>

#include "check.h"
#include "kedge/base/error.h"

using kedge::Forest;
using kedge::import_lightgbm;
using kedge::Link;

namespace {

// Three leaves over a number and a category feature.
constexpr std::string_view kModel = R"(tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=1
objective=regression
feature_names=a b
feature_infos=[0:1] 1:2:33
tree_sizes=300

Tree=0
num_leaves=3
num_cat=1
split_feature=0 1
threshold=0.5 0
decision_type=10 1
left_child=-1 -2
right_child=1 -3
leaf_value=1 2 nan
cat_boundaries=0 2
cat_threshold=6 2
is_linear=0
shrinkage=1


end of trees
)";

std::string with(std::string_view from, std::string_view to) {
  std::string text(kModel);
  return text.replace(text.find(from), from.size(), to);
}

Forest forest(std::string_view from, std::string_view to) {
  return import_lightgbm(with(from, to));
}

}  // namespace

TEST("a LightGBM text says what is compared, and what follows") {
  const Forest forest = import_lightgbm(kModel);
  CHECK(forest.origin == "LightGBM v4");
  CHECK(forest.features[1].kind == kedge::FeatureKind::kCategory);
  CHECK(forest.sets == std::vector<std::vector<std::uint32_t>>{{1, 2, 33}});
  const auto& nodes = forest.trees[0].nodes;
  CHECK(nodes[0].missing == kedge::Missing::kNan && nodes[0].missing_left);
  CHECK(nodes[1].test == kedge::Test::kInSet && !nodes[1].missing_left);
  CHECK(std::isnan(forest.trees[0].leaves[2]));
}

TEST("thresholds among the values that LightGBM takes for zero move to their end") {
  const auto threshold = [](std::string_view text) {
    return forest("threshold=0.5", "threshold=" + std::string(text)).trees[0].nodes[0].threshold;
  };
  CHECK(threshold("0") == kedge::kZeroBound);
  CHECK(threshold("1e-36") == kedge::kZeroBound);
  CHECK(threshold("-1e-36") < -kedge::kZeroBound);
  CHECK(threshold("-1.0000000180025095e-35") < -kedge::kZeroBound);
  CHECK(threshold("1.1e-35") == 1.1e-35);
  CHECK(threshold("4.9406564584124654e-324") == kedge::kZeroBound);
}

TEST("objectives become links") {
  const auto link = [](std::string_view objective) {
    return forest("=regression\n", "=" + std::string(objective) + "\n").link;
  };
  CHECK(link("regression sqrt") == Link::kSignedSquare);
  CHECK(link("huber sqrt") == Link::kIdentity);
  CHECK(link("quantile") == Link::kIdentity);
  CHECK(link("tweedie") == Link::kExp);
  CHECK(link("multiclass num_class:1") == Link::kSoftmax);
  CHECK(link("cross_entropy_lambda") == Link::kLog1pExp);
  CHECK(link("lambdarank") == Link::kIdentity);
  CHECK(forest("=regression\n", "=binary sigmoid:0.7\n").link_scale == 0.7);
  CHECK(forest("objective=regression\n", "").link == Link::kIdentity);
  CHECK_ERROR("LightGBM objective \"survival\"", link("survival"));
  CHECK_ERROR("line 7: \"objective\" has \"sigmoid:-1\", a positive number",
              link("binary sigmoid:-1"));
}

TEST("what is wrong with a LightGBM text is said with its line") {
  CHECK_ERROR("line 1: a LightGBM model starts", import_lightgbm("<html>"));
  CHECK_ERROR("line 1: a LightGBM model starts", import_lightgbm(""));
  CHECK_ERROR("model version \"v9\"", forest("=v4", "=v9"));
  CHECK_ERROR("line 1: \"feature_names\" is not there", forest("feature_names", "names"));
  CHECK_ERROR("line 8: \"feature_names\" has 3 values, 2 are wanted", forest("=a b", "=a b c"));
  CHECK_ERROR("line 6: \"max_feature_idx\" is \"70000\"", forest("idx=1", "idx=70000"));
  CHECK_ERROR("line 16: tree 0: \"threshold\" has 1 values, 2 are", forest("0.5 0", "0.5"));
  CHECK_ERROR("line 16: tree 0: \"threshold\" has \"0,5\" as value 0", forest("0.5 0", "0,5 0"));
  CHECK_ERROR("line 16: tree 0: \"threshold\" has 7 as value 1, one of 1",
              forest("0.5 0", "0.5 7"));
  CHECK_ERROR("line 15: tree 0: \"split_feature\" has -1", forest("=0 1\n", "=0 -1\n"));
  CHECK_ERROR("tree 0, node 1: feature 2 of 2", forest("=0 1\n", "=0 2\n"));
  CHECK_ERROR("line 17: tree 0: \"decision_type\" has 12", forest("=10 1", "=12 1"));
  CHECK_ERROR("tree 0, node 0: child 9", forest("right_child=1", "right_child=9"));
  CHECK_ERROR("tree 0, node 0: child 0", forest("right_child=1", "right_child=0"));
  CHECK_ERROR("tree 0, node 1: child -2 has another parent", forest("-3\n", "-2\n"));
  CHECK_ERROR("line 13: tree 0: \"num_leaves\" is \"0\"", forest("leaves=3", "leaves=0"));
  CHECK_ERROR("line 20: tree 0: \"leaf_value\" has 3 values, 2000000000 are",
              forest("leaves=3", "leaves=2000000000"));
  CHECK_ERROR("line 21: tree 0: \"cat_boundaries\" goes from 3 to 2", forest("=0 2\n", "=3 2\n"));
  CHECK_ERROR("line 12: tree 0: \"leaf_const\" is not there", forest("linear=0", "linear=1"));
  CHECK_ERROR("line 10: \"tree_sizes\" has 2 values, but 1 trees", forest("=300", "=300 300"));
  CHECK_ERROR("1 trees are there, 3 for each", forest("iteration=1", "iteration=3"));
}

#include "kedge/model/xgboost.h"

#include <string>

#include "check.h"
#include "kedge/base/bytes.h"

namespace kedge {
namespace {

// Two outputs and one tree, whose root splits a feature at 1, or by a category.
std::string model(std::string_view right = "2,0,1", std::string_view sizes = "1",
                  std::string_view leaves = "1,2,3,4") {
  return text(
      R"({"version":[3,2,0],"learner":{"objective":{"name":"reg:squarederror"},)"
      R"("learner_model_param":{"num_feature":"1","num_class":"0","num_target":"2",)"
      R"("base_score":"[5E-1,1E0]"},"gradient_booster":{"name":"gbtree","model":{"tree_info":[0],)"
      R"("trees":[{"id":0,"tree_param":{"size_leaf_vector":"2"},"left_children":[1,-1,-1],)"
      R"("right_children":[)",
      right, R"(],"split_indices":[0,0,0],"default_left":[1,0,0],"split_conditions":[1,0,0],)",
      R"("split_type":[1,0,0],"categories":[7],"categories_nodes":[0],"categories_segments":[0],)",
      R"("categories_sizes":[)", sizes, R"(],"leaf_weights":[)", leaves, "]}]}}}}");
}

std::vector<double> scores(double value) {
  const Forest forest = import_xgboost(as_bytes(model()));
  std::vector<double> out(forest.outputs);
  plain_scores(forest, std::span(&value, 1), out);
  return out;
}

}  // namespace

TEST("XGBoost: a category of the set goes right, any other left, NaN as the node says") {
  CHECK(scores(7) == std::vector<double>{3.5, 5});
  CHECK(scores(7.9) == std::vector<double>{3.5, 5});
  for (const double other : {6.0, 8.0, -1.0, -0.5, 1e30, std::nan("")}) {
    CHECK(scores(other) == std::vector<double>{1.5, 3});
  }
}

TEST("XGBoost: nothing is made of the file more often than it is there") {
  CHECK_ERROR("trees[0]: node 2 has leaf 0 of 2, or another has it too",
              import_xgboost(as_bytes(model("2,0,0"))));
  CHECK_ERROR("trees[0]: node 2 has leaf 1 of 1",
              import_xgboost(as_bytes(model("2,0,1", "1", "1,2"))));
  CHECK_ERROR("categories_segments[0] is 0 with 2 categories, 0 of 1 were taken before",
              import_xgboost(as_bytes(model("2,0,1", "2"))));
  CHECK_ERROR("children 1 and 1, which are no neighbours",
              import_xgboost(as_bytes(model("1,0,1"))));
}

}  // namespace kedge

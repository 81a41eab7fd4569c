// One tree of XGBoost's model file.
#pragma once

#include <cstdint>

#include "kedge/base/document.h"
#include "kedge/model/trees.h"

namespace kedge {

// Leaf values are multiplied by `weight`. The sets of its categorical splits go to forest.sets.
Tree read_xgboost_tree(const Value& file, float weight, std::uint32_t output, Forest& forest);

// A number that the file holds as text.
std::uint32_t xgboost_count(const Value& object, std::string_view name, std::uint32_t at_most);

}  // namespace kedge

// What LightGBM's text and its JSON have in common.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "kedge/model/trees.h"

namespace kedge {

// Throws Unsupported when the version is not known.
void set_lightgbm_frame(std::string_view version, std::uint32_t outputs, Forest& forest);

// Sets the link of an objective: "binary sigmoid:0.7", "multiclass num_class:3", "regression sqrt".
// Gives the word that cannot be, empty when there is none; throws Unsupported when it is not known.
std::string_view set_lightgbm_link(std::string_view objective, Forest& forest);

// predict() drops values from -kZeroBound to kZeroBound, so that they are compared as 0. The
// threshold moves to where that makes no difference.
double lightgbm_threshold(double threshold);

// Adds the next tree, whose output follows from its number, with its linear leaves if it has some.
void add_lightgbm_leaves(Tree tree, std::optional<std::vector<LinearLeaf>> linear, Forest& forest);

// Wants as many trees in each iteration; a random forest predicts by their mean.
void finish_lightgbm(bool is_average, Forest& forest);

}  // namespace kedge

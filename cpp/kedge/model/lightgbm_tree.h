// One tree of LightGBM's model text.
#pragma once

#include "kedge/model/key_lines.h"
#include "kedge/model/trees.h"

namespace kedge {

// Adds the tree that the lines tell of to the forest, its sets and its linear leaves; the features
// are there already.
void add_lightgbm_tree(const KeyLines& lines, Forest& forest);

}  // namespace kedge

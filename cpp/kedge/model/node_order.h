// Trainers list nodes in any order; in a Forest a parent comes before its children.
#pragma once

#include "kedge/model/trees.h"

namespace kedge {

// Renumbers the nodes of a tree where a child comes before its parent; leaves keep their numbers.
// The root is the first node. Leaves a tree alone that is none: `check` refuses it.
void put_parents_first(Tree& tree);

}  // namespace kedge

// Trainers list nodes in any order and leaves among them; in a Forest a parent comes before its
// children, and leaves have numbers of their own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kedge/model/trees.h"

namespace kedge {

// Renumbers the nodes of a tree where a child comes before its parent; leaves keep their numbers.
// The root is the first node. Leaves a tree alone that is none: `check` refuses it.
void put_parents_first(Tree& tree);

// What `left` is in a leaf that stands among the nodes.
inline constexpr std::int32_t kListedLeaf = -1;

// The tree of a list, whose children are places in the list, without its leaves' values: the leaves
// have numbers in the order of the list. Throws CorruptData that says `number`, the tree's, when a
// child is not in the list.
Tree tree_of_list(std::span<const TreeNode> list, std::size_t number);

}  // namespace kedge

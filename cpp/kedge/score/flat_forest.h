// A forest as constant arrays, and its scores row by row, for boards without heap, library or
// operating system: it needs stack for a few registers and the caller's codes. edge/model_header
// writes the arrays; the scores are those of every engine, to the bit, when multiplications and
// additions are not fused (-ffp-contract=off).
#pragma once

#include <cstddef>
#include <cstdint>

#include "kedge/kernels/cut_heap.h"
#include "kedge/model/value_rules.h"
#include "kedge/score/tree_node.h"

namespace kedge {

// What tells the values of a feature apart: its cuts, or the rising categories that are known.
template <class Value>
struct FlatCuts {
  std::uint32_t feature;
  CutHeap<Value> cuts;
  const std::uint32_t* categories;  // null of numbers
  std::uint32_t category_count;
};

// A code of a row. Those of one table are neighbours.
struct FlatSlot {
  std::uint32_t table;
  std::uint32_t missing;  // the code of what is missing
  bool zero_is_missing;
};

struct FlatTree {
  std::uint32_t root;
  std::uint32_t first_leaf;
  std::uint32_t output;  // where the leaf's values are added
};

// A leaf is a node with none ahead, whose other fields hold its number in the tree.
constexpr std::uint32_t flat_leaf(const ByteNode& node) noexcept {
  return node.slot | std::uint32_t{node.test} << 8;
}
constexpr std::uint32_t flat_leaf(const WordNode& node) noexcept { return node.test; }
constexpr std::uint32_t flat_leaf(const WideNode& node) noexcept { return node.test; }

// `InputType` is what rows hold, `ValueType` the precision in which they are compared.
template <class Node, class CodeType, class Test, class InputType, class ValueType, class SumType>
struct FlatForest {
  using Code = CodeType;
  using Input = InputType;
  using Value = ValueType;
  using Sum = SumType;

  const FlatCuts<Value>* tables;
  const FlatSlot* slots;
  std::uint32_t slot_count;
  CategoryRule category_rule;
  const Node* nodes;
  const FlatTree* trees;
  std::uint32_t tree_count;
  Test test;
  const Sum* leaves;
  std::uint32_t leaf_width;  // values of a leaf: 1, or outputs
  std::uint32_t outputs;
  const Sum* start;
  const Sum* bias;
  bool has_ending;
  SumEnding<Sum> ending;
};

// The code of a category: its place, or `category_count`.
template <class Value>
inline std::uint32_t flat_category(const FlatCuts<Value>& table, std::int32_t category) noexcept {
  if (category == kNoCategory) return table.category_count;
  const auto wanted = static_cast<std::uint32_t>(category);
  std::uint32_t first = 0;
  for (std::uint32_t rest = table.category_count; rest > 0;) {
    const std::uint32_t half = rest / 2;
    if (table.categories[first + half] < wanted) {
      first += half + 1;
      rest -= half + 1;
    } else {
      rest = half;
    }
  }
  const bool is_known = first < table.category_count && table.categories[first] == wanted;
  return is_known ? first : table.category_count;
}

// `codes` are slot_count codes to be overwritten.
template <class Forest>
inline void flat_codes(const Forest& forest, const typename Forest::Input* row,
                       typename Forest::Code* codes) noexcept {
  std::uint32_t rank = 0;
  for (std::uint32_t i = 0; i < forest.slot_count; ++i) {
    const FlatSlot& slot = forest.slots[i];
    const auto& table = forest.tables[slot.table];
    const auto value = static_cast<typename Forest::Value>(row[table.feature]);
    if (i == 0 || slot.table != forest.slots[i - 1].table) {
      rank = table.categories == nullptr
                 ? rank_of(table.cuts, value)
                 : flat_category(table, category_of(forest.category_rule, double{value}));
    }
    const bool missing = counts_as_missing(value, slot.zero_is_missing);
    codes[i] = static_cast<typename Forest::Code>(missing ? slot.missing : rank);
  }
}

// The raw scores of a row, `outputs` of them.
template <class Forest>
inline void flat_scores(const Forest& forest, const typename Forest::Input* row,
                        typename Forest::Code* codes, typename Forest::Sum* raw) noexcept {
  flat_codes(forest, row, codes);
  for (std::uint32_t k = 0; k < forest.outputs; ++k) raw[k] = forest.start[k];
  for (std::uint32_t i = 0; i < forest.tree_count; ++i) {
    const FlatTree& tree = forest.trees[i];
    const auto* node = forest.nodes + tree.root;
    while (node->ahead != 0) node += step_of(*node, codes[node->slot], forest.test);
    const auto* values =
        forest.leaves + std::size_t{tree.first_leaf + flat_leaf(*node)} * forest.leaf_width;
    for (std::uint32_t k = 0; k < forest.leaf_width; ++k) raw[tree.output + k] += values[k];
  }
  if (!forest.has_ending) return;
  for (std::uint32_t k = 0; k < forest.outputs; ++k) raw[k] = forest.ending(raw[k], forest.bias[k]);
}

}  // namespace kedge

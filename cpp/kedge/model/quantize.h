// Lossless quantisation: a tree asks only on which side of a threshold a value lies, so the number
// of the model's own thresholds at or below it, a byte for most features, is all there is to know.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kedge/model/trees.h"

namespace kedge {

// The numbers that tell the values of one feature apart: cuts first_cut .. first_cut + cuts - 1.
//
// kNumber: cuts rise strictly, and a value's rank is how many of them it reaches (value >= cut).
// The last one may be NaN, which nothing reaches. kCategory: whole numbers, and a value's code is
// the place of its category, `cuts` for all other categories, `cuts` + 1 for NaN.
struct CutTable {
  std::uint32_t feature;
  FeatureKind kind;
  std::uint32_t first_cut;
  std::uint32_t cuts;
};

// What a missing value's code is; nodes that differ in this look at different slots.
enum class SlotRule : std::uint32_t {
  kNanLow,    // 0, as if it were below every cut
  kNanHigh,   // `cuts`, as if it reached them all
  kNanZero,   // that of 0
  kZeroLow,   // 0, of zeros too
  kZeroHigh,  // `cuts`, of zeros too
  kCategory,
};

// One code of a row: a feature's, under one rule.
struct Slot {
  std::uint32_t table;
  SlotRule rule;
};

// A number goes right when its code exceeds `test`. A category goes right when the bit of its code
// is set in the words that begin at `test`. Children are as in TreeNode.
struct RankNode {
  std::uint32_t slot;
  std::uint32_t test;
  std::int32_t left;
  std::int32_t right;
};

struct RankTree {
  std::uint64_t first_node;
  std::uint64_t first_leaf;  // counted in leaves
  std::uint32_t nodes;
  std::uint32_t output;
};

// Terms first_term .. first_term + terms - 1 of a linear leaf.
struct LinearSpan {
  double constant;
  std::uint64_t first_term;
  std::uint64_t terms;
};
struct LinearTerm {
  double coefficient;
  std::uint32_t feature;
  std::uint32_t unused = 0;
};

// Numbers that are held as floats or as doubles, whichever of the two is not empty.
struct CoverTable {
  std::span<const float> floats;
  std::span<const double> doubles;

  std::size_t size() const noexcept { return floats.size() + doubles.size(); }
  double operator[](std::size_t i) const noexcept {
    return floats.empty() ? doubles[i] : double{floats[i]};
  }
};

// The quantised forest. Immutable; copies share the memory that `owner` keeps.
struct RankedForest : Scoring {
  std::uint32_t features = 0;
  std::span<const CutTable> tables;  // by feature, numbers before categories
  std::span<const double> cuts;
  std::span<const Slot> slots;  // by table, then by rule
  std::span<const RankNode> nodes;
  std::span<const RankTree> trees;
  std::span<const double> leaves;
  std::span<const std::uint32_t> bits;
  std::span<const LinearSpan> linear;  // one for each leaf, or none
  std::span<const LinearTerm> terms;
  CoverTable covers;  // one for each leaf, or none; covers.h says what they are
  std::shared_ptr<const void> owner;

  std::uint64_t leaf_count() const noexcept { return leaves.size() / leaf_width; }
};

// Words of bits that a category's code may reach in a table of so many categories.
constexpr std::uint32_t bit_words(std::uint32_t categories) noexcept {
  return (categories + 2 + 31) / 32;
}

// The largest code of a slot.
std::uint32_t most_code(const CutTable& table) noexcept;

// How many nodes, and terms of linear leaves, ask for each feature.
std::vector<std::uint64_t> feature_uses(const RankedForest& forest);

// The same scores for every row, -0.0, infinities and NaN included. `forest` has passed `check`.
RankedForest quantize(const Forest& forest);

// Throws CorruptData that names the part, place, value and bound when something is out of its
// bounds: what passes can be scored without a check. One pass.
void check(const RankedForest& forest);

}  // namespace kedge

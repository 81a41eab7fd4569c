// Covers: how many training rows came by each part of a tree, by which explanations weigh the ways
// that a row did not take.
//
// Trainers count differently: LightGBM and histogram boosting of scikit-learn count rows, other
// trees of scikit-learn and CatBoost add up the rows' weights, XGBoost their Hessians. What they
// say of leaves is kept as it is. A node's cover is the sum of its children's, which is what it
// means; XGBoost's own ones of inner nodes differ from that by the rounding of its floats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kedge/model/quantize.h"

namespace kedge {

// Beyond that, sums could be infinite.
inline constexpr double kMostCover = 1e200;

// Wanted of importers when the trees are there: fills in the nodes' covers. When a tree with nodes
// lacks covers, or has others than numbers from 0 to kMostCover for each leaf (Hessians of a user's
// own loss may be negative), then no tree keeps any: the model scores, and cannot be explained. So
// too when an importer gave nodes covers that their leaves contradict by more than rounding: they
// were no covers (converters to ONNX write 1 everywhere). A tree of one leaf needs none, and gets 0
// if it has none.
void finish_covers(Forest& forest);

// Throws CorruptData that names the tree when covers are not as `finish_covers` leaves them. The
// trees have passed their own check.
void check_covers(const Forest& forest);

// Covers of leaves, for a CoverTable.
struct CoverLists {
  std::vector<float> floats;
  std::vector<double> doubles;
};

// Of all leaves, tree by tree, as floats where that is exact. Nothing when there are none.
CoverLists list_covers(const Forest& forest);

// Throws CorruptData unless there is none, or one from 0 to kMostCover for each leaf.
void check_covers(const RankedForest& forest);

// Whether every tree has covers: what explanations want.
bool has_covers(const RankedForest& forest) noexcept;

// The covers of one tree of a quantised forest: of its nodes, by their places in the tree, and of
// its leaves.
struct TreeCovers {
  std::vector<double> nodes;
  std::vector<double> leaves;
};

// The forest has_covers.
TreeCovers tree_covers(const RankedForest& forest, std::size_t tree);

}  // namespace kedge

// Shapley values of one tree's leaves for the features on their paths, by quadrature.
//
// The value of a leaf counts for a feature as the integral over t of the product, over the other
// features on its path, of (1 - t) * share + t * taken: `share` of the training rows go its way,
// `taken` is 1 where the row does. That is a polynomial in t, hence a sum over a few places. At
// each of them a tree is a game of its own: at a node a part `move` goes right, where
//     move = (1 - t) * share + t * taken, divided by that of the same feature's node before.
// Down the tree go the products, `reach`; up come the means of the leaves' values below, `mean`. A
// node adds to its feature
//     sum over places of reach * (left mean - right mean) / (that of the node before)^2
// times the share of the side that the row does not take, negative where it goes right. Where the
// row left the way of a feature farther up, its nodes add nothing: they average.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kedge/base/cpu.h"
#include "kedge/kernels/rank.h"

namespace kedge {

// Which way a row goes at a node. Astray: at a node before, it did not go the way of the path,
// which asks there for the same feature.
inline constexpr std::uint8_t kShapLeft = 0;
inline constexpr std::uint8_t kShapRight = 1;
inline constexpr std::uint8_t kShapAstray = 2;

// What a row is asked.
struct ShapTest {
  std::uint32_t slot;
  std::uint32_t test;     // as in RankNode
  std::uint32_t earlier;  // the last node on the path that asks for the same feature
  std::uint8_t way;       // which way the path goes there; kShapAstray when there is no such node
  bool is_category;
};

// Nodes in the order of a walk: a node, what is below its left child, what is below its right one.
struct alignas(64) ShapNode {
  double share;  // of the rows here, those that go right
  // What a node's sum counts for its feature, by the side that the row takes: the product of the
  // shares of the side not taken along the path, at this feature's nodes alone; negative to the
  // right; 0 for a row that left the feature's way before.
  double gain[3];
  std::uint32_t feature;
  std::uint32_t inverse;  // where its inverses start: 1 / ((1 - t) * weight + t) of the node before
  std::int32_t place;     // where a block keeps its sums
  std::int32_t left;      // the child's place; ~leaf for a leaf
  std::int32_t right;
  std::uint32_t
      left_slot;  // where a row keeps the child's sums: its number; behind them the leaves
  std::uint32_t right_slot;
  bool is_later;  // a node before asks for the same feature; if none does, its inverses are 1
};

// Of quadrature: places, padded to a multiple of four with such as weigh nothing.
struct ShapRule {
  std::size_t points;
  const double* at;      // t
  const double* beside;  // 1 - t
  const double* weight;
};

// A step of a block's walk, to the right child first: twice the node's number, down to its
// children; one more, up from them. A row's goes down through all nodes, then up through all: the
// last one first, which is the order in which a block goes up.
struct ShapTree {
  std::span<const ShapTest> tests;
  const ShapNode* nodes;
  std::span<const std::uint32_t> steps;
  const double* inverses;
  ShapRule rule;
  const double* leaves;  // of leaf i at [i * leaf_width]
  std::size_t leaf_width;
  const std::uint32_t* bits;  // of categories
};

// The most rows that one vector has.
inline constexpr std::size_t kMostShapLanes = 8;

constexpr std::size_t padded_points(std::size_t points) noexcept { return (points + 3) / 4 * 4; }

// Numbers that a kernel needs to work in: for a block, for a row.
constexpr std::size_t shap_block_work(std::size_t places, std::size_t points) noexcept {
  return 2 * places * padded_points(points) * kMostShapLanes;
}
constexpr std::size_t shap_row_work(std::size_t nodes, std::size_t points) noexcept {
  return (2 * (2 * nodes + 1) + nodes) * padded_points(points);
}

// Which way rows go at each node, a bit for each of kBlockRows, and whether they came its feature's
// way: `codes` has kBlockRows for each slot.
using ShapAsk = void (*)(const ShapTree&, const std::uint32_t* codes, std::uint64_t* right,
                         std::uint64_t* there);
// Adds to phi[feature * kBlockRows + row], for the first `rows` and perhaps some behind them.
// `work` and `phi` begin on a cache line.
using ShapBlock = void (*)(const ShapTree&, std::size_t rows, const std::uint64_t* right,
                           const std::uint64_t* there, double* work, double* phi);
// One row, one code for each slot: adds to phi[feature]. `sides` has a byte for each node, `work`
// begins on a cache line. The same bits as in a block. Leaves in `work` the products, then the
// means, of each slot, as many as the padded places; a leaf's product counts for nothing.
using ShapRow = void (*)(const ShapTree&, const std::uint32_t* codes, std::uint8_t* sides,
                         double* work, double* phi);

struct ShapVariant {
  Isa isa;
  ShapAsk ask;
  ShapBlock block;
  ShapRow row;
};

// Row 0 is the scalar reference. Every variant gives the same bits.
std::span<const ShapVariant> shap_variants() noexcept;

ShapVariant tree_shap_scalar() noexcept;
#if defined(__x86_64__)
ShapVariant tree_shap_avx2() noexcept;
ShapVariant tree_shap_avx512() noexcept;
#endif

}  // namespace kedge

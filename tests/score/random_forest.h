// Forests and rows that try every place where an engine could differ from plain_scores. The same
// for the same seed, on every machine.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kedge/base/random.h"
#include "kedge/model/trees.h"

namespace kedge::test {

// What a forest is made of. Feature i has numbers when i % 3 is 0, categories when it is 1 and both
// when it is 2; without categories all have numbers.
struct ForestShape {
  const char* name;
  std::uint32_t features = 5;
  std::uint32_t trees = 13;
  std::uint32_t most_leaves = 24;
  bool is_exact = false;          // every tree has most_leaves
  bool is_chain = false;          // every node has a leaf
  std::uint32_t thresholds = 12;  // of each feature, in turn
  std::uint32_t categories = 0;   // of each feature that has any
  std::uint32_t most_category = 40;
  std::uint32_t outputs = 1;
  bool is_wide = false;  // a leaf has a value for each output
  bool is_linear = false;
};

// Every kind of node, code, leaf and set that engines tell apart, but for codes and places beyond
// 16 bits: those forests take a second to make, and minutes where a machine is emulated, so of them
// there is the first alone where not every case is tried.
const std::vector<ForestShape>& forest_shapes();
std::span<const ForestShape> large_forest_shapes();

// Precisions, rules, tests, what is missing, the ending and all numbers are drawn; odd seeds have
// covers.
Forest random_forest(const ForestShape& shape, std::uint64_t seed);

// Row after row: the forest's thresholds and categories, what is next to them, and hard values.
std::vector<double> random_rows(const Forest& forest, std::size_t count, std::uint64_t seed);

}  // namespace kedge::test

// Which pairs of columns changed how they go together, whatever each did alone: a first look at
// all pairs, to choose those that a model is to learn.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace kedge {

struct ColumnPair {
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  double excess = 0;  // of the change over what sampling explains, in its deviations
};

// Codes below kCoarseCodes, one run for each column.
using CoarseColumns = std::vector<std::vector<std::uint8_t>>;

// Up to `most` pairs in falling order of excess, all above three. Every pair is counted on the same
// rows: all, or, from about 2^28 rows times pairs on, each k-th.
std::vector<ColumnPair> changed_pairs(const CoarseColumns& reference, const CoarseColumns& current,
                                      std::size_t most);

}  // namespace kedge

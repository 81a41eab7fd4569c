// What every imported model must stand: scoring rows of any values.
#pragma once

#include <limits>
#include <vector>

#include "fuzz.h"
#include "kedge/model/trees.h"

namespace kedge {

inline void fuzz_scores(const Forest& forest) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr double kValues[] = {0,      -0.0,       std::numeric_limits<double>::quiet_NaN(),
                                1,      -kInfinity, kInfinity,
                                -1e-40, 3e9,        -0.5,
                                1e300,  33};
  std::vector<double> rows;
  for (const double value : kValues) rows.insert(rows.end(), forest.features.size(), value);
  std::vector<double> scores(std::size(kValues) * forest.outputs);
  plain_scores(forest, rows, scores);
}

}  // namespace kedge

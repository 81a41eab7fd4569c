// Laws of whatever an importer makes of any bytes.
#pragma once

#include <limits>
#include <vector>

#include "fuzz.h"
#include "kedge/model/trees.h"

namespace kedge {

// It passes the check, and rows of every odd value get their scores.
inline void fuzz_forest(const Forest& forest) {
  check(forest);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr double kOdd[] = {
      0.0,   -0.0,   1,         -1,         0.5,
      1e300, 5e-324, kInfinity, -kInfinity, std::numeric_limits<double>::quiet_NaN()};
  std::vector<double> rows;
  for (const double odd : kOdd) rows.insert(rows.end(), forest.features.size(), odd);
  std::vector<double> out(std::size(kOdd) * forest.outputs);
  plain_scores(forest, rows, out);
}

}  // namespace kedge

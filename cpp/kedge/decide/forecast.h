// How many more rows a proof takes, from the counts of two arms so far.
#pragma once

#include <cmath>
#include <limits>

#include "kedge/evidence/two_sample.h"

namespace kedge {

inline double rate_of(ArmCounts arm) noexcept {
  return arm.rows == 0 ? 0 : static_cast<double>(arm.hits) / static_cast<double>(arm.rows);
}
inline double all_rows(ArmCounts a, ArmCounts b) noexcept {
  return static_cast<double>(a.rows) + static_cast<double>(b.rows);
}
inline double share_of(ArmCounts a, ArmCounts b) noexcept {
  return static_cast<double>(a.rows) / all_rows(a, b);
}
// Rows until evidence that grows by `growth` a row has made up for what is missing.
inline double rows_for(double missing, double growth) noexcept {
  if (missing <= 0) return 0;
  return growth > 0 ? std::ceil(missing / growth) : std::numeric_limits<double>::infinity();
}

}  // namespace kedge

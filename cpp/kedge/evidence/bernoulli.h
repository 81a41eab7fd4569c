// How far counts of hits and misses are from what a chance leads one to expect.
#pragma once

#include "kedge/base/math.h"

namespace kedge {

// What those rows that hit (or those that did not) have in the divergence below.
inline double part_of_divergence(double count, double rows, double chance) noexcept {
  return count == 0 ? 0 : count * (log_of(count / rows) - log_of(chance));
}

// By how much the log likelihood of so many hits under `chance` is below that under their own
// share; of a share and one row, Kullback and Leibler's divergence of the two Bernoulli
// distributions.
inline double bernoulli_divergence(double hits, double rows, double chance) noexcept {
  return part_of_divergence(hits, rows, chance) + part_of_divergence(rows - hits, rows, 1 - chance);
}

}  // namespace kedge

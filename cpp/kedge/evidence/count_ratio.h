// Evidence of counts: k of m rows against "each row is a hit with a chance of at most the boundary,
// given the rows before it". The likelihood ratio of a larger chance to the boundary: its expected
// value is at most 1 for every smaller chance, as it grows with each hit. Products over batches and
// means over alternatives are such factors again.
#pragma once

#include <cstdint>

namespace kedge {

class CountRatio {
 public:
  // Throws InvalidArgument unless 0 < boundary < alternative < 1.
  CountRatio(double boundary, double alternative);

  // The logarithm of the factor. Finite; two multiplications.
  double log_factor(std::uint64_t hits, std::uint64_t rows) const noexcept {
    return static_cast<double>(hits) * log_hit_ + static_cast<double>(rows - hits) * log_miss_;
  }
  // Its mean for one row when `chance` is true: how fast evidence grows.
  double log_growth(double chance) const noexcept {
    return chance * log_hit_ + (1 - chance) * log_miss_;
  }

 private:
  double log_hit_;
  double log_miss_;
};

}  // namespace kedge

// Two samples counted over the same bins: the checks and totals that every test on counts starts
// with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace kedge {

using BinCounts = std::span<const std::uint64_t>;

struct CountPair {
  double reference = 0;  // all of its counts together: whole numbers, exact
  double current = 0;
  std::size_t bins = 0;    // not empty on both sides
  bool one_sided = false;  // a bin is empty on one side only

  // With one sample empty, or all values in one bin, nothing can have changed.
  bool comparable() const noexcept { return reference > 0 && current > 0 && bins > 1; }
};

// Throws InvalidArgument unless both have equally many bins and at most 2^53 values. O(bins).
CountPair check_counts(BinCounts reference, BinCounts current);

// A checked count as a double: by way of the signed type, for which every machine has an
// instruction.
inline double real_count(std::uint64_t count) noexcept {
  return static_cast<double>(static_cast<std::int64_t>(count));
}

}  // namespace kedge

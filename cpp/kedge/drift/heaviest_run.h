// The range whose share changed most, found in one pass over the ends of its parts.
#pragma once

#include <cstdint>

namespace kedge {

// The heaviest run of slots, or of other parts in their order, so far, for one direction of change,
// from that change up to each slot: it starts where least of it was seen.
struct HeaviestRun {
  double least = 0;
  double best = 0;
  std::uint32_t start = 0;
  std::uint32_t first = 0;
  std::uint32_t last = 0;

  void extend(std::uint32_t slot, double before, double after) {
    if (before <= least) {
      least = before;
      start = slot;
    }
    if (after - least > best) {
      best = after - least;
      first = start;
      last = slot;
    }
  }
};

}  // namespace kedge

// What one part of the rows comes to: counts, and exact sums. Both add and subtract without a
// trace, so tallies of any split of the rows, merged in any order, have the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kedge/base/bytes.h"
#include "kedge/base/exact_total.h"

namespace kedge {

struct Tally {
  Tally(std::size_t count_slots, std::size_t sum_slots) : counts(count_slots), sums(sum_slots) {}

  // The other has as many counts and sums.
  void merge(const Tally& other);
  // False when a count of the other is larger than ours: it was not part of this.
  bool holds(const Tally& other) const noexcept;
  void subtract(const Tally& other) noexcept;

  // docs/formats.md, "Quality". read fills the counts and sums that are there.
  void write(ByteWriter& out) const;
  void read(ByteReader& in);

  friend bool operator==(const Tally&, const Tally&) = default;

  std::vector<std::uint64_t> counts;
  std::vector<ExactTotal> sums;
};

}  // namespace kedge

// What a receiver has of one device: each record once and in order, and what is lost for good,
// whatever comes twice, not at all or again after a restart. The other end of a Spool.
#pragma once

#include <cstdint>
#include <functional>

#include "kedge/edge/spool_record.h"

namespace kedge::edge {

struct IntakeCounts {
  std::uint64_t records = 0;
  std::uint64_t events = 0;
  std::uint64_t lost_records = 0;  // they are in gaps
  std::uint64_t lost_events = 0;
  std::uint64_t again = 0;  // records that were here already
};

class Intake {
 public:
  explicit Intake(const SpoolPlace& first) : next_(first) {}

  // The record that is wanted next: all before it were received or are lost.
  const SpoolPlace& next() const noexcept { return next_; }
  // Records before this one are no longer waited for.
  void take_gap(const SpoolGap& gap);
  // Says whether the record is new. Throws CorruptData when it is not the one that is wanted, or
  // its chain is another than that of the records here.
  bool take(const SpoolRecord& record, const SpoolPlace& behind);

  const IntakeCounts& counts() const noexcept { return counts_; }

 private:
  SpoolPlace next_;
  IntakeCounts counts_;
};

}  // namespace kedge::edge

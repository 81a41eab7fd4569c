// Counts of an arm, added up and stored.
#pragma once

#include <cstdint>

#include "kedge/base/bytes.h"
#include "kedge/base/error.h"
#include "kedge/evidence/two_sample.h"

namespace kedge {

inline void add_to(ArmCounts& to, ArmCounts more) noexcept {
  to.hits += more.hits;
  to.rows += more.rows;
}

inline void write_arm(ByteWriter& out, ArmCounts arm) {
  out.write_varint(arm.hits);
  out.write_varint(arm.rows);
}

// Throws CorruptData for more hits than rows, or more rows than a double counts.
inline ArmCounts read_arm(ByteReader& in) {
  constexpr std::uint64_t kMostRows = std::uint64_t{1} << 53;
  ArmCounts arm;
  arm.hits = in.read_varint();
  arm.rows = in.read_varint();
  if (arm.hits <= arm.rows && arm.rows <= kMostRows) return arm;
  throw corrupt_data(in.section(), ": ", arm.hits, " hits in ", arm.rows, " rows");
}

}  // namespace kedge

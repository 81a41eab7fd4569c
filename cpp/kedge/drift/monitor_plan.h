// Before a monitor goes live: how many rows it takes to detect which shift.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kedge/arrow/batch.h"
#include "kedge/drift/monitor.h"

namespace kedge {

struct ColumnPlan {
  std::string column;
  std::string by;  // as of Alarm
  std::string slice;
  // How far the chance of an event may be from the reference's without an alarm: min_effect, and
  // what a reference of so many rows leaves open; of the event in the middle of the distribution,
  // where that is most, or of a column without values of its missing ones.
  double tolerance = 0;
  double rows = 0;  // about how many rows after the shift lead to the alarm; infinite for none
};

// What a shift of such a size leads to, when it moves that chance by so much: the rows in which
// evidence for the best alternative grows to the threshold, one question's share of the mean
// included. Looks come batch by batch, so the batch in which that happens is waited for. Throws
// InvalidArgument unless 0 < shift < 1.
std::vector<ColumnPlan> plan_of(const Monitor& monitor, double shift);

Batch to_batch(const std::vector<ColumnPlan>& rows);

}  // namespace kedge

#include "kedge/edge/intake.h"

#include "kedge/base/error.h"

namespace kedge::edge {

void Intake::take_gap(const SpoolGap& gap) {
  if (gap.last < next_.sequence) return;
  if (gap.first > next_.sequence || gap.end_event < next_.event) {
    throw corrupt_data("gap of records ", gap.first, " to ", gap.last, ": wanted is ",
                       next_.sequence);
  }
  counts_.lost_records += gap.last + 1 - next_.sequence;
  counts_.lost_events += gap.end_event - next_.event;
  next_ = {next_.life, gap.last + 1, gap.end_event, gap.chain};
}

bool Intake::take(const SpoolRecord& record, const SpoolPlace& behind) {
  if (record.place.life == next_.life && record.place.sequence < next_.sequence) {
    ++counts_.again;
    return false;
  }
  if (record.place != next_) {
    throw corrupt_data("record ", record.place.sequence, " at event ", record.place.event,
                       ": wanted is ", next_.sequence, " at event ", next_.event,
                       ", behind the records that are here");
  }
  next_ = behind;
  ++counts_.records;
  counts_.events += record.events;
  return true;
}

}  // namespace kedge::edge

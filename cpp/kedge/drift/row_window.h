// The counts of a stream's newest rows. What leaves is subtracted, so that a step costs what its
// own rows do, however long the window is.
//
// A sliding window keeps the counts of its updates apart until they leave, in at most about 65
// panes: one for each update while those are few, else updates within a 64th of its length share
// one and leave together with the last of them. A tumbling window begins anew at the multiples of
// its length and keeps nothing apart.
#pragma once

#include <cstdint>
#include <deque>

#include "kedge/base/bytes.h"
#include "kedge/sketch/profile.h"

namespace kedge {

struct RowWindowSpec {
  double length = 0;  // in updates, a whole number, or in seconds; 0 for no window
  bool in_time = false;
  bool tumbling = false;

  friend bool operator==(const RowWindowSpec&, const RowWindowSpec&) = default;
};

class RowWindow {
 public:
  // Throws InvalidArgument for a length out of its bounds, ResourceExhausted when the panes of such
  // a reference would take gigabytes.
  RowWindow(const Profile& reference, const RowWindowSpec& spec);

  // An update at `now`, which does not fall: the number of updates before it, or seconds. The rows
  // are counted over the reference's cells.
  void add(const Profile& rows, double now);

  const Profile& rows() const noexcept { return rows_; }

  // docs/formats.md, "Monitor". read throws CorruptData for what no updates can have left.
  void write(ByteWriter& out) const;
  static RowWindow read(ByteReader& in, const Profile& reference, const RowWindowSpec& spec);

 private:
  struct Pane {
    double first;  // when its first update was
    double last;
    Profile rows;
  };

  void tumble(double now);
  void slide(const Profile& rows, double now);
  void read_panes(ByteReader& in);

  RowWindowSpec spec_;
  Profile rows_;
  double begin_ = 0;        // of a tumbling window, in lengths
  std::deque<Pane> panes_;  // of a sliding one, in their order
};

}  // namespace kedge

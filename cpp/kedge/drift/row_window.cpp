#include "kedge/drift/row_window.h"

#include <cmath>

#include "kedge/base/error.h"
#include "kedge/evidence/stored_number.h"

namespace kedge {
namespace {

constexpr double kGrain = 64;             // panes to a window
constexpr std::uint64_t kMostPanes = 66;  // and those that begin and end it
constexpr double kLeastSeconds = 1e-6;
constexpr double kLongest = 0x1p53;  // whole numbers that a double holds
constexpr std::uint64_t kMostSlots = std::uint64_t{1} << 28;

std::uint64_t count_slots(const Profile& profile) {
  std::uint64_t slots = 0;
  for (const ColumnProfile& column : profile.columns()) slots += column.slots();
  for (const Slices& slices : profile.slices()) slots += slices.slots();
  return slots;
}

void check_spec(const RowWindowSpec& spec) {
  const double least = spec.in_time ? kLeastSeconds : 1;
  const bool is_whole = spec.in_time || spec.length == std::floor(spec.length);
  if (spec.length >= least && spec.length <= kLongest && is_whole) return;
  throw invalid_argument(
      "window = ", spec.length,
      spec.in_time ? " is not a time in seconds from " : " is not a whole number of updates from ",
      least, " to ", kLongest);
}

}  // namespace

RowWindow::RowWindow(const Profile& reference, const RowWindowSpec& spec)
    : spec_(spec), rows_(reference.like()) {
  check_spec(spec);
  if (spec.tumbling) return;
  const bool are_few = !spec.in_time && spec.length < static_cast<double>(kMostPanes);
  const std::uint64_t panes = are_few ? static_cast<std::uint64_t>(spec.length) : kMostPanes;
  const std::uint64_t slots = count_slots(reference);
  if (slots <= kMostSlots / panes) return;
  throw resource_exhausted("window: ", panes, " times ", slots, " cells, at most ", kMostSlots,
                           " are kept");
}

void RowWindow::add(const Profile& rows, double now) {
  if (spec_.tumbling) {
    tumble(now);
  } else {
    slide(rows, now);
  }
  rows_.merge(rows);
}

void RowWindow::tumble(double now) {
  const double begin = std::floor(now / spec_.length);
  if (begin != begin_) rows_ = rows_.like();
  begin_ = begin;
}

void RowWindow::slide(const Profile& rows, double now) {
  while (!panes_.empty() && panes_.front().last <= now - spec_.length) {
    rows_.subtract(panes_.front().rows);
    panes_.pop_front();
  }
  if (!panes_.empty() && now - panes_.back().first < spec_.length / kGrain) {
    panes_.back().last = now;
    panes_.back().rows.merge(rows);
  } else {
    panes_.push_back({now, now, rows});
  }
}

void RowWindow::write(ByteWriter& out) const {
  if (spec_.tumbling) {
    out.write(begin_);
    rows_.write_sized(out);
    return;
  }
  out.write_varint(panes_.size());
  for (const Pane& pane : panes_) {
    out.write(pane.first);
    out.write(pane.last);
    pane.rows.write_sized(out);
  }
}

RowWindow RowWindow::read(ByteReader& in, const Profile& reference, const RowWindowSpec& spec) {
  RowWindow window(reference, spec);
  if (spec.tumbling) {
    window.begin_ = read_at_least(in, -HUGE_VAL, "the beginning of the window");
    window.rows_.merge(Profile::read_sized(in));
  } else {
    window.read_panes(in);
  }
  return window;
}

void RowWindow::read_panes(ByteReader& in) {
  const std::uint64_t count = in.read_varint();
  if (count > kMostPanes) {
    throw corrupt_data(in.section(), ": ", count, " panes of a window, at most ", kMostPanes);
  }
  double before = -HUGE_VAL;
  for (std::uint64_t i = 0; i < count; ++i) {
    const double first = read_at_least(in, before, "the beginning of a pane");
    const double last = read_at_least(in, first, "the end of a pane");
    if (first == before) throw corrupt_data(in.section(), ": two panes at ", first);
    Profile rows = rows_.like();
    rows.merge(Profile::read_sized(in));
    rows_.merge(rows);
    panes_.push_back({first, last, std::move(rows)});
    before = last;
  }
}

}  // namespace kedge

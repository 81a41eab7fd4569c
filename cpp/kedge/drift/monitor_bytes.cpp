// The stored form of a monitor.
#include <algorithm>

#include "kedge/base/error.h"
#include "kedge/base/frame.h"
#include "kedge/drift/monitor.h"

namespace kedge {
namespace {

constexpr std::string_view kKind = "MNTR";
constexpr std::uint32_t kVersion = 2;

bool read_flag(ByteReader& in) {
  const auto flag = in.read<std::uint8_t>();
  if (flag > 1) throw corrupt_data(in.section(), ": ", flag, " is neither 0 nor 1");
  return flag == 1;
}

MonitorOptions read_options(ByteReader& in) {
  MonitorOptions options;
  options.min_effect = in.read<double>();
  options.false_alarms = in.read<double>();
  options.fdr = in.read<double>();
  options.confidence = in.read<double>();
  options.group = in.read<std::uint32_t>();
  options.clocked = read_flag(in);
  options.clock = in.read_string();
  options.window.length = in.read<double>();
  options.window.in_time = read_flag(in);
  options.window.tumbling = read_flag(in);
  return options;
}

// What the constructor or a merge refuses here is the bytes' fault, not the caller's.
template <class Run>
auto as_corrupt(const ByteReader& in, const Run& run) {
  try {
    return run();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kInvalidArgument) throw;
    throw corrupt_data(in.section(), ": ", error.what());
  }
}

}  // namespace

std::vector<std::byte> Monitor::to_bytes() const {
  ByteWriter out;
  for (const double number :
       {options_.min_effect, options_.false_alarms, options_.fdr, options_.confidence}) {
    out.write(number);
  }
  out.write(options_.group);
  out.write(static_cast<std::uint8_t>(options_.clocked ? 1 : 0));
  out.write_string(options_.clock);
  out.write(options_.window.length);
  out.write(static_cast<std::uint8_t>(options_.window.in_time ? 1 : 0));
  out.write(static_cast<std::uint8_t>(options_.window.tumbling ? 1 : 0));
  reference_.write_sized(out);
  counted_.write_sized(out);
  if (clock_) clock_->write(out);
  if (window_) window_->write(out);
  history_.write(out);
  for (const WatchedColumn& column : watched_) {
    out.write(static_cast<std::uint8_t>(column.is_listed ? 1 : 0));
    out.write_varint(column.last_alarm);
    out.write_varint(column.episode);
    column.monitor.write(out);
  }
  return seal_frame(kKind, kVersion, out.view());
}

Monitor Monitor::from_bytes(std::span<const std::byte> bytes) {
  ByteReader in(open_whole_frame(bytes, "monitor", kKind, kVersion).payload, "monitor");
  const MonitorOptions options = read_options(in);
  const Profile reference = Profile::read_sized(in);
  Monitor monitor = as_corrupt(in, [&] { return Monitor(reference, options); });
  const Profile counted = Profile::read_sized(in);
  as_corrupt(in, [&] { monitor.counted_.merge(counted); });
  if (monitor.clock_) monitor.clock_ = EventClock::read(in, options.clock);
  if (monitor.window_) {
    as_corrupt(in, [&] {
      monitor.window_ = RowWindow::read(in, reference, options.window);
      Profile before = monitor.counted_;
      before.subtract(monitor.window_->rows());  // throws when it has more rows than there were
    });
  }
  monitor.history_ = TallyHistory::read(in, monitor.tallies_.size());
  monitor.read_tallies();
  if (monitor.tallies_ != monitor.history_.newest().tallies) {
    throw corrupt_data(in.section(), ": the last look did not see what was counted");
  }
  for (WatchedColumn& column : monitor.watched_) {
    column.is_listed = read_flag(in);
    column.last_alarm = in.read_varint();
    column.episode = in.read_varint();
    if (column.episode > column.last_alarm || column.last_alarm > monitor.looks()) {
      throw corrupt_data(in.section(), ": alarms at the looks ", column.episode, " and ",
                         column.last_alarm, " of ", monitor.looks());
    }
    column.monitor.read(in);
  }
  in.expect_end();
  return monitor;
}

}  // namespace kedge

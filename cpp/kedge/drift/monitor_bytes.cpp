// The stored form of a monitor.
#include <algorithm>

#include "kedge/base/error.h"
#include "kedge/base/frame.h"
#include "kedge/drift/monitor.h"

namespace kedge {
namespace {

constexpr std::string_view kKind = "MNTR";
constexpr std::uint32_t kVersion = 1;

void write_profile(ByteWriter& out, const Profile& profile) {
  const std::vector<std::byte> bytes = profile.to_bytes();
  out.write_varint(bytes.size());
  out.write_bytes(bytes);
}

Profile read_profile(ByteReader& in) {
  const std::uint64_t size = in.read_varint();
  if (size > in.remaining()) throw corrupt_data(in.section(), ": a profile of ", size, " bytes");
  return Profile::from_bytes(in.read_bytes(static_cast<std::size_t>(size)));
}

MonitorOptions read_options(ByteReader& in) {
  MonitorOptions options;
  options.min_effect = in.read<double>();
  options.false_alarms = in.read<double>();
  options.fdr = in.read<double>();
  options.confidence = in.read<double>();
  options.group = in.read<std::uint32_t>();
  const auto clocked = in.read<std::uint8_t>();
  if (clocked > 1) throw corrupt_data(in.section(), ": ", clocked, " is neither 0 nor 1");
  options.clocked = clocked == 1;
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
  write_profile(out, reference_);
  write_profile(out, counted_);
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
  const Profile reference = read_profile(in);
  Monitor monitor = as_corrupt(in, [&] { return Monitor(reference, options); });
  const Profile counted = read_profile(in);
  as_corrupt(in, [&] { monitor.counted_.merge(counted); });
  monitor.history_ = TallyHistory::read(in, monitor.tallies_.size());
  monitor.read_tallies();
  if (monitor.tallies_ != monitor.history_.newest().tallies) {
    throw corrupt_data(in.section(), ": the last look did not see what was counted");
  }
  for (WatchedColumn& column : monitor.watched_) {
    const auto listed = in.read<std::uint8_t>();
    if (listed > 1) throw corrupt_data(in.section(), ": ", listed, " is neither 0 nor 1");
    column.is_listed = listed == 1;
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

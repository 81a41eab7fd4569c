// What all classical detectors share: values come in their order, one or many at a time, and each
// is answered by nothing, a warning or a drift. A drift ends an episode: with the next value the
// detector begins anew and remembers nothing. So do river's detectors, whose decisions these are.
//
// None of them promises how rare its false alarms are over a stream that is looked at for ever;
// kedge::Monitor does. They are here for comparison and habit.
//
// The Core of a detector is its definition and its state:
//   update(value) noexcept   the answer; the value is within kLeast and kMost, whole if kIsBinary
//   begin_anew() noexcept    as constructed
//   write, read              options and state; read's options are checked by the constructor
//
// Not mergeable: the order matters. Thread safety: one writer, or many readers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kedge/base/bytes.h"
#include "kedge/base/error.h"
#include "kedge/base/frame.h"
#include "kedge/drift/classic/option.h"

namespace kedge {

enum class Signal : std::uint8_t { kNone, kWarning, kDrift };

// Places of values within an array.
struct Signals {
  std::vector<std::size_t> drifts;
  std::vector<std::size_t> warnings;
};

// Values beyond have squares whose sums could overflow.
inline constexpr double kMostDetected = 1e100;

template <class Core>
class StreamDetector {
 public:
  explicit StreamDetector(Core core) : core_(std::move(core)) {}

  // Throws InvalidArgument for a value that is out of its bounds, NaN among them, and takes nothing
  // then.
  Signal add(double value) {
    if (!takes(value)) throw refused(value);
    return step(value);
  }
  // The same one by one, all or nothing.
  Signals update(std::span<const double> values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!takes(values[i])) throw invalid_argument("values[", i, "]: ", refused(values[i]).what());
    }
    Signals found;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const Signal signal = step(values[i]);
      if (signal == Signal::kDrift) found.drifts.push_back(i);
      if (signal == Signal::kWarning) found.warnings.push_back(i);
    }
    return found;
  }

  // What the newest value was answered.
  Signal signal() const noexcept { return signal_; }
  std::uint64_t count() const noexcept { return count_; }  // of values ever
  const Core& core() const noexcept { return core_; }

  // docs/formats.md, "Classical detectors". from_bytes throws CorruptData that says what is wrong.
  std::vector<std::byte> to_bytes() const {
    ByteWriter out;
    const std::size_t begin = begin_frame(out, Core::kKind, 1);
    out.write(static_cast<std::uint8_t>(signal_));
    out.write_varint(count_);
    core_.write(out);
    end_frame(out, begin);
    return out.take();
  }
  static StreamDetector from_bytes(std::span<const std::byte> bytes) {
    const Frame frame = open_whole_frame(bytes, "detector", Core::kKind, 1);
    ByteReader in(frame.payload, "detector");
    const auto signal = in.read<std::uint8_t>();
    if (signal > 2) throw corrupt_data("detector: there is no signal ", int{signal});
    const std::uint64_t count = read_count(in);
    StreamDetector read(core_of(in));
    in.expect_end();
    read.signal_ = static_cast<Signal>(signal);
    read.count_ = count;
    return read;
  }

  friend bool operator==(const StreamDetector& a, const StreamDetector& b) {
    return a.to_bytes() == b.to_bytes();
  }

 private:
  static bool takes(double value) noexcept {
    if (!(value >= Core::kLeast && value <= Core::kMost)) return false;
    return !Core::kIsBinary || value == 0 || value == 1;
  }
  static Error refused(double value) {
    if (Core::kIsBinary) return invalid_argument(value, " is neither 0, right, nor 1, an error");
    return invalid_argument(value, " is not from ", Core::kLeast, " to ", Core::kMost);
  }
  // Options that no constructor takes are corrupt here.
  static Core core_of(ByteReader& in) {
    try {
      return Core::read(in);
    } catch (const Error& error) {
      throw Error(ErrorCode::kCorruptData, error.what());
    }
  }

  Signal step(double value) noexcept {
    if (signal_ == Signal::kDrift) core_.begin_anew();
    ++count_;
    return signal_ = core_.update(value);
  }

  Core core_;
  Signal signal_ = Signal::kNone;
  std::uint64_t count_ = 0;
};

}  // namespace kedge

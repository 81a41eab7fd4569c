// The time that passes from one batch to the next by the times of its events, so that a replay of
// the stream has the same clock as the day itself.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "kedge/arrow/batch.h"
#include "kedge/base/bytes.h"

namespace kedge {

class EventClock {
 public:
  // The name of a column of timestamps or dates.
  explicit EventClock(std::string column) : column_(std::move(column)) {}

  // Seconds from the latest time before these rows to the latest one with them; of the first rows,
  // from their own earliest one. What comes late does not turn the clock back, nor does it stand
  // still: at least a nanosecond passes. Throws InvalidArgument, and changes nothing, when the
  // column is missing, has another unit than before, or none of the first rows has a time;
  // Unsupported when it has no times.
  double advance(std::span<const Batch> batches);

  // Seconds from 1970 to the latest time; 0 before the first one.
  double now() const noexcept;

  // docs/formats.md, "Monitor". read throws CorruptData.
  void write(ByteWriter& out) const;
  static EventClock read(ByteReader& in, std::string column);

 private:
  enum class Tick : std::uint8_t { kSecond, kMilli, kMicro, kNano, kDay };
  struct Seen {
    Tick tick = Tick::kSecond;
    std::int64_t latest = 0;
  };

  static Tick tick_of(const Field& field);
  static double seconds_of(double ticks, Tick tick) noexcept;

  std::string column_;
  std::optional<Seen> seen_;
};

}  // namespace kedge

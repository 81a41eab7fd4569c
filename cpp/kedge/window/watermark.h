// How far event time has certainly come: the largest time seen less the lateness, the least over
// the partitions. It never goes back.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "kedge/base/bytes.h"

namespace kedge {

// Before every time that a row can have: the time is null, or too far to be one (duration.h).
inline constexpr std::int64_t kNoTime = INT64_MIN;
inline constexpr std::int64_t kFarTime = INT64_MIN + 1;

class Watermark {
 public:
  // `idle`: a partition whose largest time is farther than this behind that of all, or that had no
  // row, does not count. Without it every partition must have had a row before there is one.
  Watermark(std::uint32_t partitions, std::int64_t lateness, std::optional<std::int64_t> idle);

  // kNoTime until there is one.
  std::int64_t value() const noexcept { return value_; }
  // How far rows have come, those within the lateness still missing; kNoTime until there is one.
  std::int64_t front() const noexcept { return value_ == kNoTime ? kNoTime : value_ + lateness_; }
  // The largest time of all partitions, kNoTime before the first row.
  std::int64_t newest() const noexcept { return newest_; }

  // The least time that, seen in this partition, would bring the watermark to `time`; none when no
  // time could, because others hold it back.
  std::optional<std::int64_t> reaches(std::uint32_t partition, std::int64_t time) const noexcept;
  // The same of the front.
  std::optional<std::int64_t> front_reaches(std::uint32_t partition,
                                            std::int64_t time) const noexcept {
    return reaches(partition, time - lateness_);
  }

  void see(std::uint32_t partition, std::int64_t time) noexcept;
  void advance_to(std::int64_t time) noexcept;

  void write(ByteWriter& out) const;
  void read(ByteReader& in);

 private:
  std::int64_t lowest(std::uint32_t partition, std::int64_t time) const noexcept;

  std::vector<std::int64_t> largest_;  // of each partition
  std::int64_t lateness_;
  std::optional<std::int64_t> idle_;
  std::int64_t newest_ = kNoTime;
  std::int64_t value_ = kNoTime;
};

}  // namespace kedge

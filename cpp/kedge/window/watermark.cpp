#include "kedge/window/watermark.h"

#include <algorithm>

#include "kedge/base/error.h"
#include "kedge/window/duration.h"

namespace kedge {

Watermark::Watermark(std::uint32_t partitions, std::int64_t lateness,
                     std::optional<std::int64_t> idle)
    : largest_(partitions, kNoTime), lateness_(lateness), idle_(idle) {}

// What the partitions would allow if the largest time of this one were `time`.
std::int64_t Watermark::lowest(std::uint32_t partition, std::int64_t time) const noexcept {
  const std::int64_t newest = std::max(newest_, time);
  if (newest == kNoTime) return kNoTime;
  std::int64_t least = newest;
  for (std::size_t i = 0; i < largest_.size(); ++i) {
    const std::int64_t largest = i == partition ? std::max(largest_[i], time) : largest_[i];
    const bool is_idle = idle_ && (largest == kNoTime || largest < newest - *idle_);
    if (!is_idle) least = std::min(least, largest);
  }
  return least == kNoTime ? kNoTime : least - lateness_;
}

std::optional<std::int64_t> Watermark::reaches(std::uint32_t partition,
                                               std::int64_t time) const noexcept {
  if (largest_.size() == 1) return time + lateness_;
  // Only two things change when a time comes: this partition's largest, which must be `time` plus
  // the lateness; and which others are idle, which takes at most their largest plus `idle`.
  const std::int64_t own = time + lateness_;
  std::optional<std::int64_t> best;
  const auto consider = [&](std::int64_t candidate) {
    if (candidate < own || (best && candidate >= *best)) return;
    if (lowest(partition, candidate) >= time) best = candidate;
  };
  consider(own);
  if (idle_) {
    for (const std::int64_t largest : largest_) {
      if (largest != kNoTime) consider(std::max(own, largest + *idle_ + 1));
    }
  }
  return best;
}

void Watermark::see(std::uint32_t partition, std::int64_t time) noexcept {
  if (time <= largest_[partition] || time <= kFarTime) return;
  largest_[partition] = time;
  newest_ = std::max(newest_, time);
  value_ = std::max(value_, lowest(partition, time));
}

void Watermark::advance_to(std::int64_t time) noexcept { value_ = std::max(value_, time); }

void Watermark::write(ByteWriter& out) const {
  out.write(value_);
  out.write(newest_);
  for (const std::int64_t largest : largest_) out.write(largest);
}

void Watermark::read(ByteReader& in) {
  value_ = in.read<std::int64_t>();
  newest_ = in.read<std::int64_t>();
  std::int64_t newest = kNoTime;
  for (std::int64_t& largest : largest_) {
    largest = in.read<std::int64_t>();
    newest = std::max(newest, largest);
    const bool is_time = largest >= -kFarthest && largest < kFarthest;
    if (largest != kNoTime && !is_time) {
      throw corrupt_data(in.section(), ": ", largest, " is no time");
    }
  }
  if (value_ != kNoTime && (value_ < -kLongest - kFarthest || value_ > kFarthest)) {
    throw corrupt_data(in.section(), ": a watermark of ", value_);
  }
  if (newest != newest_) throw corrupt_data(in.section(), ": the newest time is no partition's");
}

}  // namespace kedge

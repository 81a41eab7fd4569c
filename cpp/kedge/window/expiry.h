// When keys are looked through for those that have had no row for long, where windows do not close
// by time: at whole multiples of that long, of the time that rows have come to, so that it depends
// on rows alone.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kedge/window/duration.h"
#include "kedge/window/watermark.h"
#include "kedge/window/zone.h"

namespace kedge {

class Expiry {
 public:
  static constexpr std::int64_t kNever = INT64_MAX;

  // Never when `after` is 0.
  Expiry(std::int64_t after, const Watermark& watermark) : after_(after), watermark_(watermark) {
    set_next();
  }

  bool is_on() const noexcept { return after_ != 0; }
  // The time that, seen in this partition, makes it due.
  std::int64_t due(std::uint32_t partition) const noexcept {
    if (!is_on()) return kNever;
    return watermark_.front_reaches(partition, next_).value_or(kNever);
  }
  bool is_due() const noexcept { return is_on() && watermark_.front() >= next_; }
  // When it is due: keys are to go whose newest row is of this time or before it.
  std::int64_t take() noexcept {
    set_next();
    return next_ - 2 * after_;
  }
  // From the watermark, also when that was restored.
  void set_next() noexcept {
    const std::int64_t front = watermark_.front();
    next_ = !is_on() || front == kNoTime ? -kFarthest : next_multiple(front, after_);
  }

 private:
  std::int64_t after_;
  const Watermark& watermark_;
  std::int64_t next_ = 0;
};

}  // namespace kedge

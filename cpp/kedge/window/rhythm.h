// Something that recurs in event time: it is due whenever the front reaches a whole multiple of a
// step, so that it depends on rows alone, however they are cut.
#pragma once

#include <cstdint>

#include "kedge/window/duration.h"
#include "kedge/window/watermark.h"
#include "kedge/window/zone.h"

namespace kedge {

class Rhythm {
 public:
  static constexpr std::int64_t kNever = INT64_MAX;

  // Never due when `step` is 0.
  Rhythm(std::int64_t step, const Watermark& watermark) : step_(step), watermark_(watermark) {
    set_next();
  }

  bool is_on() const noexcept { return step_ != 0; }
  // The time that, seen in this partition, makes it due.
  std::int64_t due(std::uint32_t partition) const noexcept {
    if (!is_on()) return kNever;
    return watermark_.front_reaches(partition, next_).value_or(kNever);
  }
  bool is_due() const noexcept { return is_on() && watermark_.front() >= next_; }
  // When it is due: the multiple that was reached. Then it is due again at the next one.
  std::int64_t take() noexcept {
    set_next();
    return next_ - step_;
  }
  // From the watermark, also when that was restored.
  void set_next() noexcept {
    const std::int64_t front = watermark_.front();
    next_ = !is_on() || front == kNoTime ? -kFarthest : next_multiple(front, step_);
  }

 private:
  std::int64_t step_;
  const Watermark& watermark_;
  std::int64_t next_ = 0;
};

}  // namespace kedge

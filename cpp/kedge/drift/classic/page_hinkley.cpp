#include "kedge/drift/classic/page_hinkley.h"

#include <algorithm>
#include <cmath>

namespace kedge {

PageHinkley::PageHinkley(const PageHinkleyOptions& options) : options_(options) {
  check_option<double>("min_values", options.min_values, 1, kMostWarmStart);
  check_option("delta", options.delta, 0.0, kMostDetected);
  check_option("threshold", options.threshold, 0.0, kMostDetected);
  check_option("alpha", options.alpha, 0.0, 1.0);
}

void PageHinkley::begin_anew() noexcept {
  all_ = {};
  up_ = 0;
  down_ = 0;
  lowest_ = HUGE_VAL;
  highest_ = -1;
}

Signal PageHinkley::update(double value) noexcept {
  all_.add(value);
  const double away = value - all_.mean;
  up_ = options_.alpha * up_ + away - options_.delta;
  down_ = options_.alpha * down_ + away + options_.delta;
  lowest_ = std::min(lowest_, up_);
  highest_ = std::max(highest_, down_);
  if (all_.count < options_.min_values) return Signal::kNone;
  const bool rose = up_ - lowest_ > options_.threshold;
  const bool fell = highest_ - down_ > options_.threshold;
  const bool found = (options_.mode != PageHinkleyMode::kDown && rose) ||
                     (options_.mode != PageHinkleyMode::kUp && fell);
  return found ? Signal::kDrift : Signal::kNone;
}

void PageHinkley::write(ByteWriter& out) const {
  out.write(options_.min_values);
  out.write(options_.delta);
  out.write(options_.threshold);
  out.write(options_.alpha);
  out.write(static_cast<std::uint8_t>(options_.mode));
  all_.write(out);
  for (const double value : {up_, down_, lowest_, highest_}) out.write(value);
}

PageHinkley PageHinkley::read(ByteReader& in) {
  PageHinkleyOptions options;
  options.min_values = in.read<std::uint32_t>();
  options.delta = in.read<double>();
  options.threshold = in.read<double>();
  options.alpha = in.read<double>();
  const auto mode = in.read<std::uint8_t>();
  check_option<std::uint32_t>("mode", mode, 0, 2);
  options.mode = static_cast<PageHinkleyMode>(mode);
  PageHinkley read(options);
  read.all_ = RunningMean::read(in);
  for (double* value : {&read.up_, &read.down_, &read.lowest_, &read.highest_}) {
    *value = read_state(in);
  }
  return read;
}

}  // namespace kedge

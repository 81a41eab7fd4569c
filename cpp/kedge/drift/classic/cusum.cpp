#include "kedge/drift/classic/cusum.h"

#include <algorithm>
#include <cmath>

namespace kedge {

Cusum::Cusum(const CusumOptions& options) : options_(options) {
  check_option("slack", options.slack, 0.0, kMostDetected);
  check_option("threshold", options.threshold, 0.0, kMostDetected);
  check_option<double>("warm_start", options.warm_start, 2, kMostWarmStart);
}

void Cusum::begin_anew() noexcept {
  first_ = {};
  squares_ = 0;
  up_ = 0;
  down_ = 0;
}

// Any other value is infinitely far from one that was always the same.
double Cusum::standardised(double value) const noexcept {
  const double away = value - first_.mean;
  return away == 0 ? 0 : away / std::sqrt(squares_ / (first_.size() - 1));
}

Signal Cusum::update(double value) noexcept {
  if (first_.count < options_.warm_start) {
    const double before = first_.mean;
    first_.add(value);
    squares_ += (value - before) * (value - first_.mean);
    return Signal::kNone;
  }
  const double away = standardised(value);
  up_ = std::max(0.0, up_ + away - options_.slack);
  down_ = std::max(0.0, down_ - away - options_.slack);
  return std::max(up_, down_) > options_.threshold ? Signal::kDrift : Signal::kNone;
}

void Cusum::write(ByteWriter& out) const {
  out.write(options_.slack);
  out.write(options_.threshold);
  out.write(options_.warm_start);
  first_.write(out);
  for (const double value : {squares_, up_, down_}) out.write(value);
}

Cusum Cusum::read(ByteReader& in) {
  CusumOptions options;
  options.slack = in.read<double>();
  options.threshold = in.read<double>();
  options.warm_start = in.read<std::uint32_t>();
  Cusum read(options);
  read.first_ = RunningMean::read(in);
  for (double* value : {&read.squares_, &read.up_, &read.down_}) *value = read_state(in);
  return read;
}

}  // namespace kedge

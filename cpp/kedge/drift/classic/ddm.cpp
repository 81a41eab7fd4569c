#include "kedge/drift/classic/ddm.h"

#include <cmath>

namespace kedge {

Ddm::Ddm(const DdmOptions& options) : options_(options) {
  check_option<double>("warm_start", options.warm_start, 1, kMostWarmStart);
  check_between("drift_threshold", options.drift, 0, HUGE_VAL);
  check_option("warning_threshold", options.warning, 0.0, options.drift);
}

void Ddm::begin_anew() noexcept {
  errors_ = {};
  best_ = HUGE_VAL;
  best_rate_ = 0;
  best_deviation_ = 0;
}

Signal Ddm::update(double value) noexcept {
  errors_.add(value);
  if (errors_.count <= options_.warm_start) return Signal::kNone;
  const double rate = errors_.mean;
  const double deviation = std::sqrt(rate * (1 - rate) / errors_.size());
  if (rate + deviation <= best_) {
    best_ = rate + deviation;
    best_rate_ = rate;
    best_deviation_ = deviation;
  }
  if (rate + deviation > best_rate_ + options_.drift * best_deviation_) return Signal::kDrift;
  const bool warns = rate + deviation > best_rate_ + options_.warning * best_deviation_;
  return warns ? Signal::kWarning : Signal::kNone;
}

void Ddm::write(ByteWriter& out) const {
  out.write(options_.warm_start);
  out.write(options_.warning);
  out.write(options_.drift);
  errors_.write(out);
  out.write(best_);
  out.write(best_rate_);
  out.write(best_deviation_);
}

Ddm Ddm::read(ByteReader& in) {
  DdmOptions options;
  options.warm_start = in.read<std::uint32_t>();
  options.warning = in.read<double>();
  options.drift = in.read<double>();
  Ddm read(options);
  read.errors_ = RunningMean::read(in);
  read.best_ = read_state(in);
  read.best_rate_ = read_state(in);
  read.best_deviation_ = read_state(in);
  return read;
}

}  // namespace kedge

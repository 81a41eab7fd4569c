#include "kedge/drift/classic/hddm_a.h"

#include <cmath>

#include "kedge/base/math.h"

namespace kedge {
namespace {

// How far two means may lie apart, one of a beginning of the other's values.
double reach(const RunningMean& beginning, const RunningMean& all, double log_confidence) noexcept {
  const double m = (all.size() - beginning.size()) / beginning.size() * (1 / all.size());
  return std::sqrt(m / 2 * log_confidence);
}

}  // namespace

HddmA::HddmA(const HddmAOptions& options)
    : options_(options),
      log_bound_(log_of(1 / options.drift_confidence)),
      log_drift_(log_of(2 / options.drift_confidence)),
      log_warning_(log_of(2 / options.warning_confidence)) {
  check_between("drift_confidence", options.drift_confidence, 0, 1);
  check_between("warning_confidence", options.warning_confidence, 0, 1);
}

void HddmA::begin_anew() noexcept {
  all_ = {};
  low_ = {};
  high_ = {};
}

double HddmA::bound(const RunningMean& mean) const noexcept {
  return std::sqrt(1 / (2 * mean.size()) * log_bound_);
}

bool HddmA::has_moved(double log_confidence) const noexcept {
  if (low_.count != all_.count && all_.mean - low_.mean >= reach(low_, all_, log_confidence)) {
    return true;
  }
  return options_.two_sided && high_.count != all_.count &&
         high_.mean - all_.mean >= reach(high_, all_, log_confidence);
}

Signal HddmA::update(double value) noexcept {
  all_.add(value);
  const double own = bound(all_);
  if (low_.count == 0 || low_.mean + bound(low_) >= all_.mean + own) low_ = all_;
  if (high_.count == 0 || high_.mean - bound(high_) <= all_.mean - own) high_ = all_;
  if (has_moved(log_drift_)) return Signal::kDrift;
  return has_moved(log_warning_) ? Signal::kWarning : Signal::kNone;
}

void HddmA::write(ByteWriter& out) const {
  out.write(options_.drift_confidence);
  out.write(options_.warning_confidence);
  out.write(std::uint8_t{options_.two_sided});
  for (const RunningMean* mean : {&all_, &low_, &high_}) mean->write(out);
}

HddmA HddmA::read(ByteReader& in) {
  HddmAOptions options;
  options.drift_confidence = in.read<double>();
  options.warning_confidence = in.read<double>();
  options.two_sided = read_flag(in);
  HddmA read(options);
  for (RunningMean* mean : {&read.all_, &read.low_, &read.high_}) *mean = RunningMean::read(in);
  return read;
}

}  // namespace kedge

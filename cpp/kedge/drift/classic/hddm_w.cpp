#include "kedge/drift/classic/hddm_w.h"

#include <cmath>

#include "kedge/base/math.h"

namespace kedge {

HddmW::HddmW(const HddmWOptions& options)
    : options_(options),
      log_drift_(log_of(1 / options.drift_confidence)),
      log_warning_(log_of(1 / options.warning_confidence)) {
  check_between("drift_confidence", options.drift_confidence, 0, 1);
  check_between("warning_confidence", options.warning_confidence, 0, 1);
  check_between("weight", options.weight, 0, 1);
}

void HddmW::begin_anew() noexcept {
  all_ = {};
  sides_ = {};
}

void HddmW::WeightedMean::add(double value, double weight) noexcept {
  mean = is_empty ? value : weight * value + (1 - weight) * mean;
  squares = weight * weight + (1 - weight) * (1 - weight) * squares;
  is_empty = false;
}

bool HddmW::Side::has_moved(double sign, double log_confidence) const noexcept {
  if (before.is_empty || after.is_empty) return false;
  const double bound = std::sqrt((before.squares + after.squares) * log_confidence / 2);
  return sign * (after.mean - before.mean) > bound;
}

void HddmW::update_side(Side& side, double sign, double value) noexcept {
  const double above = sign * all_.mean + std::sqrt(all_.squares * log_drift_ / 2);
  if (above < side.cut) {
    side = {all_, {}, above};
  } else {
    side.after.add(value, options_.weight);
  }
}

bool HddmW::has_moved(double log_confidence) const noexcept {
  return sides_[0].has_moved(1, log_confidence) ||
         (options_.two_sided && sides_[1].has_moved(-1, log_confidence));
}

Signal HddmW::update(double value) noexcept {
  all_.add(value, options_.weight);
  update_side(sides_[0], 1, value);
  update_side(sides_[1], -1, value);
  if (has_moved(log_drift_)) return Signal::kDrift;
  return has_moved(log_warning_) ? Signal::kWarning : Signal::kNone;
}

template <class Stored, class Visit>
void HddmW::visit_state(Stored& stored, const Visit& visit) {
  const auto visit_mean = [&](auto& mean) {
    visit(mean.mean);
    visit(mean.squares);
    visit(mean.is_empty);
  };
  visit_mean(stored.all_);
  for (auto& side : stored.sides_) {
    visit_mean(side.before);
    visit_mean(side.after);
    visit(side.cut);
  }
}

void HddmW::write(ByteWriter& out) const {
  out.write(options_.drift_confidence);
  out.write(options_.warning_confidence);
  out.write(options_.weight);
  out.write(std::uint8_t{options_.two_sided});
  visit_state(*this, [&](auto value) { out.write(value); });
}

HddmW HddmW::read(ByteReader& in) {
  HddmWOptions options;
  options.drift_confidence = in.read<double>();
  options.warning_confidence = in.read<double>();
  options.weight = in.read<double>();
  options.two_sided = read_flag(in);
  HddmW read(options);
  visit_state(read, [&]<class Value>(Value& value) {
    if constexpr (std::is_same_v<Value, bool>) {
      value = read_flag(in);
    } else {
      value = read_state(in);
    }
  });
  return read;
}

}  // namespace kedge

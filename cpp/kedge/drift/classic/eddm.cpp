#include "kedge/drift/classic/eddm.h"

#include <cmath>

namespace kedge {

Eddm::Eddm(const EddmOptions& options) : options_(options) {
  check_option<double>("warm_start", options.warm_start, 1, kMostWarmStart);
  check_between("alpha", options.alpha, 0, 1);
  check_option("beta", options.beta, 0.0, options.alpha);
}

void Eddm::begin_anew() noexcept {
  distances_ = {};
  squares_ = 0;
  values_ = 0;
  last_error_ = 0;
  most_ = -1;
  standing_ = Signal::kNone;
}

Signal Eddm::update(double value) noexcept {
  ++values_;
  if (value == 0) return standing_;
  const double before = distances_.mean;
  const auto distance = static_cast<double>(values_ - last_error_);
  last_error_ = values_;
  distances_.add(distance);
  squares_ += (distance - before) * (distance - distances_.mean);
  if (values_ <= options_.warm_start) return standing_;
  const double variance = distances_.count > 1 ? squares_ / (distances_.size() - 1) : 0;
  const double reach = distances_.mean + 2 * std::sqrt(variance);
  if (reach > most_) {
    most_ = reach;
  } else if (distances_.count > options_.warm_start) {
    const double level = reach / most_;
    standing_ = level < options_.beta    ? Signal::kDrift
                : level < options_.alpha ? Signal::kWarning
                                         : Signal::kNone;
  }
  return standing_;
}

void Eddm::write(ByteWriter& out) const {
  out.write(options_.warm_start);
  out.write(options_.alpha);
  out.write(options_.beta);
  distances_.write(out);
  out.write(squares_);
  out.write_varint(values_);
  out.write_varint(last_error_);
  out.write(most_);
  out.write(static_cast<std::uint8_t>(standing_));
}

Eddm Eddm::read(ByteReader& in) {
  EddmOptions options;
  options.warm_start = in.read<std::uint32_t>();
  options.alpha = in.read<double>();
  options.beta = in.read<double>();
  Eddm read(options);
  read.distances_ = RunningMean::read(in);
  read.squares_ = read_state(in);
  read.values_ = read_count(in);
  read.last_error_ = in.read_varint();
  check_option<std::uint64_t>("the place of the last error", read.last_error_, 0, read.values_);
  read.most_ = read_state(in);
  const auto standing = in.read<std::uint8_t>();
  check_option<std::uint32_t>("the standing answer", standing, 0, 2);
  read.standing_ = static_cast<Signal>(standing);
  return read;
}

}  // namespace kedge

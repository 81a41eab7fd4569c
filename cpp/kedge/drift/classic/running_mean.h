// The mean of values that come one by one, and how many there were.
//
// Each value moves the mean by 1 / n of the way, rounded as written: detectors compare means at
// equality, so the rounding is part of their decisions.
#pragma once

#include <cstdint>

#include "kedge/base/bytes.h"
#include "kedge/drift/classic/option.h"

namespace kedge {

struct RunningMean {
  std::uint64_t count = 0;
  double mean = 0;

  void add(double value) noexcept {
    ++count;
    mean += 1 / size() * (value - mean);
  }
  double size() const noexcept { return static_cast<double>(count); }

  void write(ByteWriter& out) const {
    out.write_varint(count);
    out.write(mean);
  }
  static RunningMean read(ByteReader& in) {
    RunningMean read;
    read.count = read_count(in);
    read.mean = read_state(in);
    return read;
  }
};

}  // namespace kedge

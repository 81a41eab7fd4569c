// CUSUM in its tabular form: sums of standardised deviations beyond a slack, upwards and downwards.
//
// Mean and deviation are those of the first `warm_start` values; then, with z the deviation of a
// value in those units, up <- max(0, up + z - slack), down <- max(0, down - z - slack), and either
// above `threshold` is a drift. (Page, "Continuous inspection schemes", Biometrika 41, 1954.)
//
// Textbooks' run lengths hold for a mean and a deviation that are known. Those of a few values are
// off, for ever by the same: the textbook's threshold 5 alarms many times as often as it says
// there. O(1).
#pragma once

#include <cstdint>
#include <string_view>

#include "kedge/drift/classic/running_mean.h"
#include "kedge/drift/classic/stream_detector.h"

namespace kedge {

struct CusumOptions {
  double slack = 0.5;
  double threshold = 8;
  std::uint32_t warm_start = 100;
};

class Cusum {
 public:
  static constexpr std::string_view kKind = "CUSM";
  static constexpr double kLeast = -kMostDetected;
  static constexpr double kMost = kMostDetected;
  static constexpr bool kIsBinary = false;

  // Throws InvalidArgument for options out of their bounds.
  explicit Cusum(const CusumOptions& options);

  Signal update(double value) noexcept;
  void begin_anew() noexcept;

  void write(ByteWriter& out) const;
  static Cusum read(ByteReader& in);

 private:
  double standardised(double value) const noexcept;

  CusumOptions options_;
  RunningMean first_;
  double squares_ = 0;  // of the first values about their mean
  double up_ = 0;
  double down_ = 0;
};

}  // namespace kedge

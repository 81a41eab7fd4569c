// HDDM-A: has the mean left that of the stream's lowest beginning, by Hoeffding's bound?
//
// With eps(n, c) = sqrt(log(1/c) / (2 n)), the beginning whose mean + eps was least is kept, and
// the mean of all values is held against its own: above by sqrt(m/2 log(2/c)), m = 1/n - 1/N, is
// a drift at c = drift_confidence and a warning at c = warning_confidence. Two-sided, the same
// downwards, against the highest beginning. (Frias-Blanco and others, "Online and non-parametric
// drift detection methods based on Hoeffding's bounds", IEEE Transactions on Knowledge and Data
// Engineering 27, 2015.) O(1).
#pragma once

#include <string_view>

#include "kedge/drift/classic/running_mean.h"
#include "kedge/drift/classic/stream_detector.h"

namespace kedge {

struct HddmAOptions {
  double drift_confidence = 0.001;
  double warning_confidence = 0.005;
  bool two_sided = false;
};

class HddmA {
 public:
  static constexpr std::string_view kKind = "HDMA";
  static constexpr double kLeast = 0;
  static constexpr double kMost = 1;
  static constexpr bool kIsBinary = false;

  // Throws InvalidArgument for options out of their bounds.
  explicit HddmA(const HddmAOptions& options);

  Signal update(double value) noexcept;
  void begin_anew() noexcept;

  void write(ByteWriter& out) const;
  static HddmA read(ByteReader& in);

 private:
  double bound(const RunningMean& mean) const noexcept;
  bool has_moved(double log_confidence) const noexcept;

  HddmAOptions options_;
  double log_bound_;    // log(1 / drift_confidence)
  double log_drift_;    // log(2 / drift_confidence)
  double log_warning_;  // log(2 / warning_confidence)
  RunningMean all_;
  RunningMean low_;
  RunningMean high_;
};

}  // namespace kedge

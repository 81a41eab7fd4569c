// DDM, the drift detection method: has the error rate left its best?
//
// p is the rate of errors so far and s = sqrt(p (1 - p) / n). Of the moment at which p + s was
// least, p and s are kept, and p + s above that p + warning s is a warning, above p + drift s a
// drift. (Gama, Medas, Castillo and Rodrigues, "Learning with drift detection", SBIA 2004.)
//
// The definition is weak where errors are rare: while none came, s is 0 and the first error is a
// drift. O(1).
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

#include "kedge/drift/classic/running_mean.h"
#include "kedge/drift/classic/stream_detector.h"

namespace kedge {

struct DdmOptions {
  std::uint32_t warm_start = 30;  // values before the first answer
  double warning = 2;             // in deviations
  double drift = 3;
};

class Ddm {
 public:
  static constexpr std::string_view kKind = "DDM_";
  static constexpr double kLeast = 0;
  static constexpr double kMost = 1;
  static constexpr bool kIsBinary = true;

  // Throws InvalidArgument for options out of their bounds.
  explicit Ddm(const DdmOptions& options);

  Signal update(double value) noexcept;
  void begin_anew() noexcept;

  void write(ByteWriter& out) const;
  static Ddm read(ByteReader& in);

 private:
  DdmOptions options_;
  RunningMean errors_;
  double best_ = std::numeric_limits<double>::infinity();  // the least p + s, and its parts
  double best_rate_ = 0;
  double best_deviation_ = 0;
};

}  // namespace kedge

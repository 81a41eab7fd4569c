// EDDM, the early drift detection method: do errors come closer together than they did?
//
// Of the distances between errors, mean + 2 deviations is held against the most it ever was: a
// share below alpha is a warning, below beta a drift. (Baena-Garcia and others, "Early drift
// detection method", 4th International Workshop on Knowledge Discovery from Data Streams, 2006.)
//
// An answer stands until an error changes it; a new maximum does not. No answer with fewer than
// `warm_start` errors. It alarms often by construction: a share of 0.9 of a maximum over all time
// is a matter of chance. O(1).
#pragma once

#include <cstdint>
#include <string_view>

#include "kedge/drift/classic/running_mean.h"
#include "kedge/drift/classic/stream_detector.h"

namespace kedge {

struct EddmOptions {
  std::uint32_t warm_start = 30;
  double alpha = 0.95;
  double beta = 0.9;
};

class Eddm {
 public:
  static constexpr std::string_view kKind = "EDDM";
  static constexpr double kLeast = 0;
  static constexpr double kMost = 1;
  static constexpr bool kIsBinary = true;

  // Throws InvalidArgument for options out of their bounds.
  explicit Eddm(const EddmOptions& options);

  Signal update(double value) noexcept;
  void begin_anew() noexcept;

  void write(ByteWriter& out) const;
  static Eddm read(ByteReader& in);

 private:
  EddmOptions options_;
  RunningMean distances_;
  double squares_ = 0;  // of the distances, about their mean
  std::uint64_t values_ = 0;
  std::uint64_t last_error_ = 0;
  double most_ = -1;
  Signal standing_ = Signal::kNone;
};

}  // namespace kedge

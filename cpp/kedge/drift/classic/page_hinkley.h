// Page and Hinkley's test: how far has the sum of deviations from the mean come from its extreme?
//
// up <- alpha up + (x - mean) - delta, and down the same with + delta, the mean being that of all
// values so far. up above its least value by more than `threshold` is a drift upwards, down below
// its most one downwards. (Page, "Continuous inspection schemes", Biometrika 41, 1954.)
//
// The threshold is in units of the values and the default one fits sums of errors, not your column:
// set it. The highest value of `down` begins at -1, as in river. O(1).
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

#include "kedge/drift/classic/running_mean.h"
#include "kedge/drift/classic/stream_detector.h"

namespace kedge {

enum class PageHinkleyMode : std::uint8_t { kUp, kDown, kBoth };

struct PageHinkleyOptions {
  std::uint32_t min_values = 30;
  double delta = 0.005;
  double threshold = 50;
  double alpha = 0.9999;
  PageHinkleyMode mode = PageHinkleyMode::kBoth;
};

class PageHinkley {
 public:
  static constexpr std::string_view kKind = "PGHK";
  static constexpr double kLeast = -kMostDetected;
  static constexpr double kMost = kMostDetected;
  static constexpr bool kIsBinary = false;

  // Throws InvalidArgument for options out of their bounds.
  explicit PageHinkley(const PageHinkleyOptions& options);

  Signal update(double value) noexcept;
  void begin_anew() noexcept;

  void write(ByteWriter& out) const;
  static PageHinkley read(ByteReader& in);

 private:
  PageHinkleyOptions options_;
  RunningMean all_;
  double up_ = 0;
  double down_ = 0;
  double lowest_ = std::numeric_limits<double>::infinity();
  double highest_ = -1;
};

}  // namespace kedge

// HDDM-W: has a weighted mean of the newest values left that of the values before the best cut, by
// McDiarmid's bound?
//
// Means weigh a value `weight` times, what was before 1 - weight times. A mean's bound is
// sqrt(b log(1/c) / 2), b being the sum of its squared weights. The cut is where the mean of all +
// bound was least; a mean of the values after it that is above the mean up to it by the bound of
// both is a drift at c = drift_confidence and a warning at c = warning_confidence. Two-sided, the
// same downwards. (Frias-Blanco and others, 2015, as HDDM-A.) O(1).
#pragma once

#include <array>
#include <limits>
#include <string_view>

#include "kedge/drift/classic/stream_detector.h"

namespace kedge {

struct HddmWOptions {
  double drift_confidence = 0.001;
  double warning_confidence = 0.005;
  double weight = 0.05;
  bool two_sided = false;
};

class HddmW {
 public:
  static constexpr std::string_view kKind = "HDMW";
  static constexpr double kLeast = 0;
  static constexpr double kMost = 1;
  static constexpr bool kIsBinary = false;

  // Throws InvalidArgument for options out of their bounds.
  explicit HddmW(const HddmWOptions& options);

  Signal update(double value) noexcept;
  void begin_anew() noexcept;

  void write(ByteWriter& out) const;
  static HddmW read(ByteReader& in);

 private:
  struct WeightedMean {
    double mean = 0;
    double squares = 1;  // of its weights
    bool is_empty = true;

    void add(double value, double weight) noexcept;
  };
  // Of a rise, or of a fall with the signs of all means turned.
  struct Side {
    WeightedMean before;
    WeightedMean after;
    double cut = std::numeric_limits<double>::infinity();

    bool has_moved(double sign, double log_confidence) const noexcept;
  };
  void update_side(Side& side, double sign, double value) noexcept;
  bool has_moved(double log_confidence) const noexcept;
  template <class Stored, class Visit>
  static void visit_state(Stored& stored, const Visit& visit);

  HddmWOptions options_;
  double log_drift_;
  double log_warning_;
  WeightedMean all_;
  std::array<Side, 2> sides_;  // rise, fall
};

}  // namespace kedge

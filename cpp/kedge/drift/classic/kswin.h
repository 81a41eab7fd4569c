// KSWIN: are the newest values of a window distributed as the others in it?
//
// A window of `window_size` values slides over the stream. Once it is full, its newest `stat_size`
// values are held against all others by the two-sample test of Kolmogorov and Smirnov: a p-value
// up to alpha and a distance above `min_distance` are a drift. (Raab, Heusinger and Schleif,
// "Reactive soft prototype computing for concept drift streams", Neurocomputing 416, 2020.)
//
// The paper, and river, draw `stat_size` of the others by chance and compare with these: an answer
// that changes with the seed, and less power. Here all of them are compared, so with window_size =
// 2 stat_size, where there is nothing to draw, the decisions are river's.
//
// Both samples' sizes are fixed, so the p-value is looked up once, at construction (milliseconds,
// a second at most). A value then costs O(window_size), some hundred nanoseconds by default.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "kedge/drift/classic/stream_detector.h"

namespace kedge {

struct KswinOptions {
  double alpha = 0.005;
  std::uint32_t window_size = 100;
  std::uint32_t stat_size = 30;
  double min_distance = 0.1;
};

class Kswin {
 public:
  static constexpr std::string_view kKind = "KSWN";
  static constexpr double kLeast = -kMostDetected;
  static constexpr double kMost = kMostDetected;
  static constexpr bool kIsBinary = false;

  // Throws InvalidArgument for options out of their bounds.
  explicit Kswin(const KswinOptions& options);

  Signal update(double value) noexcept;
  void begin_anew() noexcept;

  // The distance that is the least one to be a drift, times stat_size times the number of others.
  std::int64_t least_drift() const noexcept { return least_drift_; }

  void write(ByteWriter& out) const;
  static Kswin read(ByteReader& in);

 private:
  double at(std::size_t age) const noexcept;
  std::size_t find(double value, std::int32_t step) const noexcept;
  void sort_window() noexcept;
  void slide(double oldest, double turning, double newest) noexcept;
  std::int64_t distance() const noexcept;

  KswinOptions options_;
  std::int64_t least_drift_;
  std::vector<double> window_;  // a ring
  std::size_t next_ = 0;        // the place of the oldest value once it is full
  std::size_t filled_ = 0;
  // The full window in rising order, and what each value adds to the difference of both shares:
  // stat_size for one of the others, minus their number for a new one, zero in sum.
  std::vector<double> sorted_;
  std::vector<std::int32_t> steps_;
};

}  // namespace kedge

// ADWIN, adaptive windowing: has the mean of a window changed at any cut of it?
//
// The window is kept as buckets of 1, 2, 4, .. values, at most `max_buckets` of each size, oldest
// together first. Every `clock` values each border between buckets with at least `min_window`
// values on both sides is a cut, and a drift when the means of the two sides differ by more than
//   sqrt(2 m v d) + 2/3 d m,  d = log(2 log(n) / delta),  m = 1/(n0 - w + 1) + 1/(n1 - w + 1),
// v being the window's variance, n its length and w = min_window. (Bifet and Gavalda, "Learning
// from time-changing data with adaptive windowing", SDM 2007; the bound with w is river's.) After
// a drift the paper keeps the newer side; here, as in river, the window begins anew.
//
// Memory O(max_buckets log n), allocated once. A value costs O(1) and each `clock`-th one the
// number of buckets.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "kedge/drift/classic/stream_detector.h"

namespace kedge {

struct AdwinOptions {
  double delta = 0.002;
  std::uint32_t clock = 32;
  std::uint32_t max_buckets = 5;
  std::uint32_t min_window = 5;
  std::uint32_t grace = 10;  // no look at windows up to this length
};

class Adwin {
 public:
  static constexpr std::string_view kKind = "ADWN";
  static constexpr double kLeast = -kMostDetected;
  static constexpr double kMost = kMostDetected;
  static constexpr bool kIsBinary = false;

  // Throws InvalidArgument for options out of their bounds.
  explicit Adwin(const AdwinOptions& options);

  Signal update(double value) noexcept;
  void begin_anew() noexcept;

  std::uint64_t width() const noexcept { return width_; }  // of the window
  double mean() const noexcept { return width_ == 0 ? 0 : total_ / static_cast<double>(width_); }

  void write(ByteWriter& out) const;
  static Adwin read(ByteReader& in);

 private:
  struct Bucket {
    double total;
    double square;  // the sum of squares about its mean
  };
  static constexpr std::size_t kRows = 54;  // a window of 2^53 values fits
  struct Split;

  Bucket* row(std::size_t i) noexcept { return buckets_.data() + i * (options_.max_buckets + 1); }
  const Bucket* row(std::size_t i) const noexcept {
    return buckets_.data() + i * (options_.max_buckets + 1);
  }
  void compress() noexcept;
  bool is_cut() const noexcept;
  bool differ(const Split& split, double level) const noexcept;

  AdwinOptions options_;
  std::vector<Bucket> buckets_;  // kRows rows of max_buckets + 1, oldest first in each
  std::array<std::uint32_t, kRows> sizes_{};
  std::size_t rows_ = 1;  // that were ever used
  std::uint64_t width_ = 0;
  double total_ = 0;
  double square_ = 0;
};

}  // namespace kedge

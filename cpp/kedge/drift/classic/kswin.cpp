#include "kedge/drift/classic/kswin.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "kedge/drift/ks_pvalue.h"

namespace kedge {
namespace {

KswinOptions checked(const KswinOptions& options) {
  check_between("alpha", options.alpha, 0, 1);
  check_option<std::int64_t>("window_size", options.window_size, 2, kKsExactSize);
  check_option<std::int64_t>("stat_size", options.stat_size, 1,
                             std::int64_t{options.window_size} - 1);
  check_option("min_distance", options.min_distance, 0.0, 1.0);
  return options;
}

// The p-value falls with the distance. One above the largest distance when none is a drift.
std::int64_t least_drift_of(const KswinOptions& options) {
  const std::int64_t n = options.window_size - options.stat_size;
  const std::int64_t m = options.stat_size;
  const auto distance_of = [&](std::int64_t k) {
    return static_cast<double>(k) / static_cast<double>(n * m);
  };
  std::int64_t low = 0;
  std::int64_t high = n * m + 1;
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    const double distance = distance_of(middle);
    const bool drifts =
        distance > options.min_distance && ks_two_sample_pvalue(n, m, distance) <= options.alpha;
    (drifts ? high : low) = middle;
  }
  return high;
}

}  // namespace

Kswin::Kswin(const KswinOptions& options)
    : options_(checked(options)),
      least_drift_(least_drift_of(options)),
      window_(options.window_size),
      sorted_(options.window_size),
      steps_(options.window_size) {}

void Kswin::begin_anew() noexcept {
  next_ = 0;
  filled_ = 0;
}

// Age 0 is the oldest of a full window.
double Kswin::at(std::size_t age) const noexcept {
  const std::size_t place = next_ + age;
  return window_[place < window_.size() ? place : place - window_.size()];
}

std::size_t Kswin::find(double value, std::int32_t step) const noexcept {
  auto place = static_cast<std::size_t>(std::ranges::lower_bound(sorted_, value) - sorted_.begin());
  while (steps_[place] != step) ++place;  // among equal values; there is one
  return place;
}

void Kswin::sort_window() noexcept {
  std::ranges::copy(window_, sorted_.begin());
  std::ranges::sort(sorted_);
  const auto others = static_cast<std::int32_t>(options_.window_size - options_.stat_size);
  std::ranges::fill(steps_, static_cast<std::int32_t>(options_.stat_size));
  for (std::size_t age = static_cast<std::size_t>(others); age < window_.size(); ++age) {
    steps_[find(at(age), static_cast<std::int32_t>(options_.stat_size))] = -others;
  }
}

void Kswin::slide(double oldest, double turning, double newest) noexcept {
  const auto old_step = static_cast<std::int32_t>(options_.stat_size);
  const auto new_step = -static_cast<std::int32_t>(options_.window_size - options_.stat_size);
  steps_[find(turning, new_step)] = old_step;
  const std::size_t from = find(oldest, old_step);
  auto to = static_cast<std::size_t>(std::ranges::lower_bound(sorted_, newest) - sorted_.begin());
  if (to > from) {
    --to;
    std::copy(sorted_.begin() + from + 1, sorted_.begin() + to + 1, sorted_.begin() + from);
    std::copy(steps_.begin() + from + 1, steps_.begin() + to + 1, steps_.begin() + from);
  } else {
    std::copy_backward(sorted_.begin() + to, sorted_.begin() + from, sorted_.begin() + from + 1);
    std::copy_backward(steps_.begin() + to, steps_.begin() + from, steps_.begin() + from + 1);
  }
  sorted_[to] = newest;
  steps_[to] = new_step;
}

std::int64_t Kswin::distance() const noexcept {
  std::int32_t apart = 0;  // at most 10 000 squared / 4
  std::int32_t most = 0;
  const std::size_t last = sorted_.size() - 1;
  for (std::size_t i = 0; i < last; ++i) {
    apart += steps_[i];
    const std::int32_t counts = sorted_[i] == sorted_[i + 1] ? 0 : std::abs(apart);
    most = std::max(most, counts);
  }
  return most;
}

Signal Kswin::update(double value) noexcept {
  const bool was_full = filled_ == window_.size();
  const double oldest = window_[next_];
  const double turning = was_full ? at(window_.size() - options_.stat_size) : 0;
  window_[next_] = value;
  if (++next_ == window_.size()) next_ = 0;
  if (was_full) {
    slide(oldest, turning, value);
  } else if (++filled_ == window_.size()) {
    sort_window();
  }
  if (filled_ < window_.size()) return Signal::kNone;
  return distance() >= least_drift_ ? Signal::kDrift : Signal::kNone;
}

void Kswin::write(ByteWriter& out) const {
  out.write(options_.alpha);
  out.write(options_.window_size);
  out.write(options_.stat_size);
  out.write(options_.min_distance);
  out.write_varint(filled_);
  // Until the window is full it begins at place 0.
  const bool is_full = filled_ == window_.size();
  for (std::size_t age = 0; age < filled_; ++age) out.write(is_full ? at(age) : window_[age]);
}

Kswin Kswin::read(ByteReader& in) {
  KswinOptions options;
  options.alpha = in.read<double>();
  options.window_size = in.read<std::uint32_t>();
  options.stat_size = in.read<std::uint32_t>();
  options.min_distance = in.read<double>();
  const std::uint64_t filled = in.read_varint();
  Kswin read(options);
  check_option<std::uint64_t>("values in the window", filled, 0, options.window_size);
  for (; read.filled_ < filled; ++read.filled_) read.window_[read.filled_] = read_state(in);
  read.next_ = filled % options.window_size;
  if (filled == options.window_size) read.sort_window();
  return read;
}

}  // namespace kedge

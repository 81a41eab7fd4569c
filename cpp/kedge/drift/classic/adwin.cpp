#include "kedge/drift/classic/adwin.h"

#include <algorithm>
#include <cmath>

#include "kedge/base/math.h"

namespace kedge {
namespace {

constexpr std::uint32_t kMostClock = 1'000'000;
constexpr std::uint32_t kMostBuckets = 256;

double size_of(std::size_t row) noexcept { return static_cast<double>(std::uint64_t{1} << row); }

}  // namespace

// Older and newer part of the window.
struct Adwin::Split {
  double older;
  double newer;
  double older_total;
  double newer_total;
};

Adwin::Adwin(const AdwinOptions& options) : options_(options) {
  check_between("delta", options.delta, 0, 1);
  check_option("clock", options.clock, 1U, kMostClock);
  check_option("max_buckets", options.max_buckets, 1U, kMostBuckets);
  check_option("min_window", options.min_window, 1U, kMostClock);
  check_option("grace", options.grace, 1U, kMostClock);
  buckets_.resize(kRows * (options.max_buckets + std::size_t{1}));
}

void Adwin::begin_anew() noexcept {
  sizes_.fill(0);
  rows_ = 1;
  width_ = 0;
  total_ = 0;
  square_ = 0;
}

Signal Adwin::update(double value) noexcept {
  row(0)[sizes_[0]++] = {value, 0};
  if (++width_ > 1) {
    const auto before = static_cast<double>(width_ - 1);
    const double away = value - total_ / before;
    square_ += before * away * away / static_cast<double>(width_);
  }
  total_ += value;
  if (sizes_[0] > options_.max_buckets) compress();
  const bool looks = width_ % options_.clock == 0 && width_ > options_.grace;
  return looks && is_cut() ? Signal::kDrift : Signal::kNone;
}

void Adwin::compress() noexcept {
  for (std::size_t i = 0; sizes_[i] > options_.max_buckets; ++i) {
    Bucket* const buckets = row(i);
    const double n = size_of(i);
    const double apart = buckets[0].total / n - buckets[1].total / n;
    const Bucket both = {buckets[0].total + buckets[1].total,
                         buckets[0].square + buckets[1].square + n * n * apart * apart / (n + n)};
    std::copy(buckets + 2, buckets + sizes_[i], buckets);
    sizes_[i] -= 2;
    row(i + 1)[sizes_[i + 1]++] = both;
    rows_ = std::max(rows_, i + 2);
  }
}

bool Adwin::differ(const Split& split, double level) const noexcept {
  const auto least = static_cast<double>(options_.min_window);
  if (split.older < least || split.newer < least) return false;
  const double m = 1 / (split.older - least + 1) + 1 / (split.newer - least + 1);
  const double apart = std::fabs(split.older_total / split.older - split.newer_total / split.newer);
  const double square = 2 * m * (square_ / static_cast<double>(width_)) * level;
  // Most cuts fail already without the second term, and without a root.
  if (apart * apart < square * (1 - 1e-12)) return false;
  return apart > std::sqrt(square) + 2.0 / 3.0 * level * m;
}

bool Adwin::is_cut() const noexcept {
  Split split = {0, static_cast<double>(width_), 0, total_};
  const double level = log_of(2 * log_of(split.newer) / options_.delta);
  for (std::size_t i = rows_; i-- > 0;) {
    const double n = size_of(i);
    for (std::size_t k = 0; k < sizes_[i]; ++k) {
      const double total = row(i)[k].total;
      split = {split.older + n, split.newer - n, split.older_total + total,
               split.newer_total - total};
      if (differ(split, level)) return true;
    }
  }
  return false;
}

void Adwin::write(ByteWriter& out) const {
  out.write(options_.delta);
  for (const std::uint32_t option :
       {options_.clock, options_.max_buckets, options_.min_window, options_.grace}) {
    out.write(option);
  }
  out.write(total_);
  out.write(square_);
  out.write_varint(rows_);
  for (std::size_t i = 0; i < rows_; ++i) {
    out.write_varint(sizes_[i]);
    for (std::size_t k = 0; k < sizes_[i]; ++k) {
      out.write(row(i)[k].total);
      out.write(row(i)[k].square);
    }
  }
}

Adwin Adwin::read(ByteReader& in) {
  AdwinOptions options;
  options.delta = in.read<double>();
  for (std::uint32_t* option :
       {&options.clock, &options.max_buckets, &options.min_window, &options.grace}) {
    *option = in.read<std::uint32_t>();
  }
  Adwin read(options);
  read.total_ = read_state(in);
  read.square_ = read_state(in);
  read.rows_ = in.read_varint();
  // The last row is room for what the others still take.
  check_option<std::size_t>("rows", read.rows_, 1, kRows - 1);
  for (std::size_t i = 0; i < read.rows_; ++i) {
    const std::uint64_t size = in.read_varint();
    check_option<std::uint64_t>("buckets", size, 0, options.max_buckets);
    read.sizes_[i] = static_cast<std::uint32_t>(size);
    read.width_ += size << i;
    for (std::size_t k = 0; k < size; ++k) {
      const double total = read_state(in);
      read.row(i)[k] = {total, read_state(in)};
    }
  }
  return read;
}

}  // namespace kedge

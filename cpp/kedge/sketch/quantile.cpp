#include "kedge/sketch/quantile.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "kedge/base/error.h"
#include "kedge/base/sort.h"

namespace kedge {
namespace {

// A level's halvings move a rank by count / kept in all, and there are fewer levels than this.
constexpr double kMostLevels = 40;

}  // namespace

Quantile::Quantile(double error)
    : kept_(error > 0 ? std::max(kFewestKept, static_cast<std::size_t>(kMostLevels / error))
                      : SIZE_MAX) {}

void Quantile::compress() {
  for (std::size_t i = 0; i < levels_.size() && levels_[i].values.size() >= kept_; ++i) {
    if (i + 1 == levels_.size()) levels_.emplace_back();
    Level& level = levels_[i];
    std::vector<double>& values = level.values;
    sort_values(values);
    // An odd one out stays for the next time.
    const std::size_t pairs = values.size() / 2;
    for (std::size_t pair = 0; pair < pairs; ++pair) {
      levels_[i + 1].values.push_back(values[2 * pair + (level.takes_odd ? 1 : 0)]);
    }
    level.takes_odd = !level.takes_odd;
    values.erase(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(2 * pairs));
  }
}

void Quantile::merge(const Quantile& other) {
  if (other.levels_.size() > levels_.size()) levels_.resize(other.levels_.size());
  for (std::size_t i = 0; i < other.levels_.size(); ++i) {
    std::vector<double>& values = levels_[i].values;
    const std::vector<double>& more = other.levels_[i].values;
    values.insert(values.end(), more.begin(), more.end());
  }
  count_ += other.count_;
  is_sorted_ = false;
  // Every level may be full now, from the first on or above one that is not.
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    if (levels_[i].values.size() < kept_) continue;
    Quantile upper(0);
    upper.kept_ = kept_;
    upper.levels_.assign(std::make_move_iterator(levels_.begin() + static_cast<std::ptrdiff_t>(i)),
                         std::make_move_iterator(levels_.end()));
    upper.compress();
    levels_.resize(i);
    std::ranges::move(upper.levels_, std::back_inserter(levels_));
  }
}

double Quantile::value_of_rank(double rank) const {
  struct Weighted {
    double value;
    double weight;
  };
  std::vector<Weighted> rest;
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    const double weight = std::ldexp(1.0, static_cast<int>(i));
    for (const double value : levels_[i].values) rest.push_back({value, weight});
  }
  // As quickselect does, by weight: the half that holds the rank is halved again.
  auto first = rest.begin(), last = rest.end();
  while (last - first > 1) {
    const auto middle = first + (last - first) / 2;
    std::ranges::nth_element(first, middle, last, {}, &Weighted::value);
    double below = 0;
    for (auto at = first; at != middle; ++at) below += at->weight;
    if (rank < below) {
      last = middle;
    } else {
      rank -= below;
      first = middle;
    }
  }
  return first->value;
}

std::optional<double> Quantile::at(double share) {
  if (count_ == 0) return std::nullopt;
  const double rank = share * static_cast<double>(count_ - 1);
  if (levels_.size() > 1) return value_of_rank(rank);
  std::vector<double>& values = levels_.front().values;
  if (!is_sorted_) sort_values(values);
  is_sorted_ = true;
  const auto below = static_cast<std::size_t>(rank);
  const double part = rank - static_cast<double>(below);
  const double low = values[below];
  const double high = values[std::min(below + 1, values.size() - 1)];
  // A difference of infinities is none.
  if (part == 0 || low == high) return low;
  return low + part * (high - low);
}

std::size_t Quantile::bytes() const noexcept {
  std::size_t total = sizeof *this;
  for (const Level& level : levels_) {
    total += sizeof level + level.values.capacity() * sizeof(double);
  }
  return total;
}

void Quantile::write(ByteWriter& out) const {
  out.write(count_);
  out.write_varint(levels_.size());
  for (const Level& level : levels_) {
    out.write(static_cast<std::uint8_t>(level.takes_odd));
    out.write_varint(level.values.size());
    out.write_bytes(std::as_bytes(std::span(level.values)));
  }
}

void Quantile::read(ByteReader& in) {
  const auto count = in.read<std::uint64_t>();
  const std::uint64_t levels = in.read_varint();
  if (levels == 0 || levels > 64) throw corrupt_data(in.section(), ": ", levels, " levels");
  levels_.assign(static_cast<std::size_t>(levels), {});
  std::uint64_t held = 0;
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    levels_[i].takes_odd = in.read<std::uint8_t>() != 0;
    const std::uint64_t values = in.read_varint();
    if (values > in.remaining() / sizeof(double)) {
      throw corrupt_data(in.section(), ": ", values, " values do not fit");
    }
    levels_[i].values.resize(static_cast<std::size_t>(values));
    for (double& value : levels_[i].values) {
      value = in.read<double>();
      if (value != value) throw corrupt_data(in.section(), ": NaN has no rank");
    }
    held += values << i;
  }
  if (held != count) throw corrupt_data(in.section(), ": ", held, " values, not ", count);
  count_ = count;
  is_sorted_ = false;
}

}  // namespace kedge

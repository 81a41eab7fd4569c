// Quantiles of a stream of numbers within a bound that always holds: exact while there are few,
// then by halving. Each full level is sorted and every second of its values, standing for two,
// goes up a level; a rank moves by at most one value's weight each time, and by turns up and down.
//
// Nothing is drawn at random: the same values in the same order give the same bytes. Sketches
// merge; the bound holds for what they hold together. NaN has no rank: it is left out.
//
// Thread safety: one writer, or many readers.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "kedge/base/bytes.h"

namespace kedge {

class Quantile {
 public:
  // Fewer values than this are kept as they are.
  static constexpr std::size_t kFewestKept = 4096;

  // `error` bounds the share of values by which a rank may be off, for up to 2^40 values; 0 keeps
  // every value.
  explicit Quantile(double error);

  void add(double value) {
    if (value != value) return;
    ++count_;
    levels_.front().values.push_back(value + 0.0);  // one zero: nothing orders the two
    is_sorted_ = false;
    if (levels_.front().values.size() >= kept_) compress();
  }
  void merge(const Quantile& other);

  std::uint64_t count() const noexcept { return count_; }
  // While every value is kept: between the two values around rank share * (count - 1), as
  // numpy.quantile. Else the value of that rank. None when there is none.
  std::optional<double> at(double share);

  std::size_t bytes() const noexcept;
  // docs/formats.md, "Quantile". read throws CorruptData.
  void write(ByteWriter& out) const;
  void read(ByteReader& in);

 private:
  struct Level {
    std::vector<double> values;
    bool takes_odd = false;  // which of each two goes up next
  };

  void compress();
  double value_of_rank(double rank) const;

  std::size_t kept_;
  std::uint64_t count_ = 0;
  bool is_sorted_ = false;  // the first level, when it is the only one
  std::vector<Level> levels_{1};
};

}  // namespace kedge

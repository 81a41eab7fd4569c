// Counts of values in the cells of a fixed monotone map. Counts add, so any split of the data into
// batches, threads or machines, merged in any order, gives the same histogram and the same bytes.
//
// -inf and +inf have cells of their own at the two ends; NaN and null are counted apart and never
// reach a cell. Thread safety: one writer, or many readers.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kedge/arrow/column.h"
#include "kedge/sketch/cell_map.h"
#include "kedge/sketch/counts.h"

namespace kedge {

class Histogram {
 public:
  explicit Histogram(std::shared_ptr<const CellMap> map);

  // O(length), allocates nothing (but once, when the 2^32nd row comes). The column is numeric.
  void update(const Column& column);
  void update(std::span<const double> values);
  void add(double value, std::uint64_t count);
  void add_nulls(std::uint64_t count) { add_to(null_slot(map_->cells()), count); }

  // The other's map must be equal. subtract throws InvalidArgument, and changes nothing, when the
  // other holds more of any cell than this one.
  void merge(const Histogram& other);
  void subtract(const Histogram& other);

  const CellMap& map() const noexcept { return *map_; }
  const std::shared_ptr<const CellMap>& shared_map() const noexcept { return map_; }
  bool same_map(const Histogram& other) const { return map_ == other.map_ || *map_ == *other.map_; }

  std::uint64_t slot_count(std::uint32_t slot) const noexcept { return counts_[slot]; }
  // Of the slots from `first` up to `end`, which is left out.
  std::uint64_t range_count(std::uint32_t first, std::uint32_t end) const noexcept {
    return counts_.sum(first, end);
  }
  // Of each cell, the infinities with the outer ones: as CellMap::positions() has them.
  std::vector<std::uint64_t> cell_counts() const;
  std::uint64_t row_count() const noexcept { return counts_.total(); }
  std::uint64_t null_count() const noexcept { return counts_[null_slot(map_->cells())]; }
  std::uint64_t nan_count() const noexcept { return counts_[nan_slot(map_->cells())]; }
  // Rows with a place in the order: neither null nor NaN.
  std::uint64_t value_count() const noexcept { return row_count() - null_count() - nan_count(); }

  // docs/formats.md, "Histogram". from_bytes throws CorruptData that names what is wrong.
  std::vector<std::byte> to_bytes() const;
  static Histogram from_bytes(std::span<const std::byte> bytes);
  static Histogram read(ByteReader& in);

  friend bool operator==(const Histogram& a, const Histogram& b) {
    return a.same_map(b) && a.counts_ == b.counts_;
  }

 private:
  void update_few(const Column& column);
  void check_map(const Histogram& other, std::string_view verb) const;
  void add_to(std::uint32_t slot, std::uint64_t count) { counts_.add(slot, count); }

  std::shared_ptr<const CellMap> map_;
  const CellVariant* variant_;
  Counts counts_;
};

}  // namespace kedge
